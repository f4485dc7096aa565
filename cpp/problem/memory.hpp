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

// Throws MemoryBudget naming both numbers when `bytes` exceed available_bytes().
void require_bytes(double bytes);

}  // namespace pl
