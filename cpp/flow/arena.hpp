// Memory for many small arrays that are given back together: one by one, of 10^6 neurons, that takes longer
// than Ctrl-C may. Threads may take from it at once.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

namespace pl {

class Arena {
  public:
    // For `count` of a type that needs no destructor, no more aligned than a double; not written to.
    template <class T>
    T* take(std::size_t count) {
        static_assert(alignof(T) <= alignof(double));
        const std::size_t size = (count * sizeof(T) + sizeof(double) - 1) / sizeof(double);
        const std::lock_guard<std::mutex> alone(mutex_);
        if (size > left_) grow(size);
        left_ -= size;
        double* const first = next_;
        next_ += size;
        return reinterpret_cast<T*>(first);
    }

    // What was taken is taken no more; the largest piece of the memory is kept.
    void clear() {
        if (blocks_.empty()) return;
        blocks_.erase(blocks_.begin(), blocks_.end() - 1);
        next_ = blocks_.back().get();
        left_ = size_;
    }

  private:
    static constexpr std::size_t kMost = std::size_t{1} << 17;  // doubles of a block, unless asked for more

    void grow(std::size_t size) {
        size_ = std::max({size, size_, std::min(2 * size_, kMost)});
        blocks_.emplace_back(new double[size_]);
        next_ = blocks_.back().get();
        left_ = size_;
    }

    std::mutex mutex_;
    std::vector<std::unique_ptr<double[]>> blocks_;
    double* next_ = nullptr;
    std::size_t left_ = 0, size_ = 0;  // doubles: of the last block, and its size
};

}  // namespace pl
