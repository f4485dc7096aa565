// Aligned, zeroed memory for the kernel.
#pragma once

#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include "kernel/kernel.hpp"

namespace pl {

template <class T>
class Buffer {
  public:
    static constexpr std::size_t kAlign = 64;  // a cache line, and the widest vector

    Buffer() = default;
    // calloc: the pages of a large buffer stay untouched, so that whoever fills it first, thread by thread,
    // also takes the page faults (n = 200 000, d = 100: 40 000 of them).
    explicit Buffer(Index count)
        : raw_(std::calloc(static_cast<std::size_t>(count) * sizeof(T) + 2 * kAlign, 1)), count_(count) {
        if (raw_ == nullptr) throw std::bad_alloc();
        const auto address = reinterpret_cast<std::uintptr_t>(raw_);
        data_ = reinterpret_cast<T*>((address + kAlign - 1) / kAlign * kAlign);
        ask_for_huge_pages();
    }
    ~Buffer() { std::free(raw_); }
    Buffer(Buffer&& other) noexcept { *this = std::move(other); }
    Buffer& operator=(Buffer&& other) noexcept {
        std::swap(raw_, other.raw_);
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
    // Where Linux gives huge pages on request: fewer faults at the start, and a sweep over more memory than
    // the tables of 4 KiB pages reach does not wait for translations.
    void ask_for_huge_pages() {
#if defined(__linux__)
        constexpr std::uintptr_t kHuge = 1 << 21, kPage = 4096;
        const auto first = reinterpret_cast<std::uintptr_t>(data_);
        const std::uintptr_t last = first + static_cast<std::uintptr_t>(count_) * sizeof(T);
        const std::uintptr_t from = (first + kPage - 1) / kPage * kPage, to = last / kPage * kPage;
        if (last - first >= 2 * kHuge)  // refused: nothing is lost
            static_cast<void>(madvise(reinterpret_cast<void*>(from), to - from, MADV_HUGEPAGE));
#endif
    }

    void* raw_ = nullptr;
    T* data_ = nullptr;
    Index count_ = 0;
};

}  // namespace pl
