// Memory that shrinks in place and gives whole pages back at once. An allocator may keep what it is given
// back: a run of 10^6 points frees a quarter of a gigabyte during its first steps, and its result needs it.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <new>
#include <utility>

namespace pl {

class Pages {
  public:
    Pages() = default;
    explicit Pages(std::size_t bytes) : bytes_(rounded(bytes)) {
        void* const at = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (at == MAP_FAILED) throw std::bad_alloc();
        data_ = static_cast<char*>(at);
    }
    ~Pages() {
        if (data_ != nullptr) munmap(data_, bytes_);
    }
    Pages(Pages&& other) noexcept { *this = std::move(other); }
    Pages& operator=(Pages&& other) noexcept {
        std::swap(data_, other.data_);
        std::swap(bytes_, other.bytes_);
        return *this;
    }
    Pages(const Pages&) = delete;
    Pages& operator=(const Pages&) = delete;

    // Keeps the first `bytes`, at most what there is.
    void shrink(std::size_t bytes) {
        const std::size_t keep = rounded(bytes);
        if (keep >= bytes_ || munmap(data_ + keep, bytes_ - keep) != 0) return;
        bytes_ = keep;
    }

    double* data() const { return reinterpret_cast<double*>(data_); }

  private:
    static std::size_t rounded(std::size_t bytes) {
        const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
        return (bytes / page + 1) * page;
    }

    char* data_ = nullptr;
    std::size_t bytes_ = 0;
};

}  // namespace pl
