// Aligned, zeroed memory for the kernel.
#pragma once

#include <cstdlib>
#include <cstring>
#include <new>

#include "kernel/kernel.hpp"

namespace pl {

template <class T>
class Buffer {
  public:
    static constexpr std::size_t kAlign = 64;  // a cache line, and the widest vector

    Buffer() = default;
    explicit Buffer(Index count) : count_(count) {
        const std::size_t bytes =
            (static_cast<std::size_t>(count) * sizeof(T) + kAlign - 1) / kAlign * kAlign;
        data_ = static_cast<T*>(::operator new(bytes == 0 ? kAlign : bytes, std::align_val_t{kAlign}));
        std::memset(static_cast<void*>(data_), 0, bytes);
    }
    ~Buffer() { ::operator delete(data_, std::align_val_t{kAlign}); }
    Buffer(Buffer&& other) noexcept : data_(other.data_), count_(other.count_) { other.data_ = nullptr; }
    Buffer& operator=(Buffer&& other) noexcept {
        std::swap(data_, other.data_);
        std::swap(count_, other.count_);
        return *this;
    }
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;

    Buffer copy() const {
        Buffer twin(count_);
        if (count_ > 0)
            std::memcpy(static_cast<void*>(twin.data_), data_, static_cast<std::size_t>(count_) * sizeof(T));
        return twin;
    }

    T* data() { return data_; }
    const T* data() const { return data_; }
    Index size() const { return count_; }

  private:
    T* data_ = nullptr;
    Index count_ = 0;
};

}  // namespace pl
