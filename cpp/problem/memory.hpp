// Memory is asked for before it is taken.
#pragma once

#include <new>
#include <string>

namespace pl {

class MemoryBudget : public std::bad_alloc {
  public:
    explicit MemoryBudget(std::string text) : text_(std::move(text)) {}
    const char* what() const noexcept override { return text_.c_str(); }

  private:
    std::string text_;
};

// PL_NATIVE_MAX_BYTES if set (std::invalid_argument for nonsense), else the smaller of the free RAM and what
// the cgroup still allows.
double available_bytes();

// Throws MemoryBudget naming both numbers when `bytes` exceed available_bytes(); of less than 16 MiB only
// where PL_NATIVE_MAX_BYTES is set, as in _base/memory.py.
void require_bytes(double bytes);

// Once, before the first run: what runs free stays with the process for the next ones, up to some MiB. glibc
// gives pages back as soon as 128 KiB at the end of its heap are free, until a larger block has been freed;
// a run of many small blocks then takes the same pages anew at every call (of capture at (300, 30, 31) 85,
// which were a quarter of its time).
void keep_freed_pages();

}  // namespace pl
