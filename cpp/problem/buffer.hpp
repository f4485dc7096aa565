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
    explicit Buffer(Index count);
    ~Buffer() { std::free(raw_); }
    Buffer(Buffer&& other) noexcept { *this = std::move(other); }
    Buffer& operator=(Buffer&& other) noexcept;
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;

    Buffer copy() const;

    T* data() { return data_; }
    const T* data() const { return data_; }
    Index size() const { return count_; }

  private:
    // Where Linux gives huge pages on request: fewer faults at the start, and a sweep over more memory than
    // the tables of 4 KiB pages reach does not wait for translations.
    void ask_for_huge_pages();

    void* raw_ = nullptr;
    T* data_ = nullptr;
    Index count_ = 0;
};

}  // namespace pl

#include "problem/buffer.inl"
