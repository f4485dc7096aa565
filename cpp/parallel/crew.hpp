// Threads for the loops within one step of one run: over neurons, or points. What an index does may read what
// it likes and writes only to places of its own, so that the bits are those of one thread.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>

#include "parallel/parallel_for.hpp"

namespace pl {

class Crew {
  public:
    explicit Crew(int threads = 1) : threads_(threads) {}

    // body(from, to) for parts that together are [begin, end), some `work` floating-point operations in all.
    void over(std::int64_t begin, std::int64_t end, double work,
              const std::function<void(std::int64_t from, std::int64_t to)>& body) const {
        constexpr std::int64_t kParts = 4;  // per thread: one that comes late takes fewer
        const std::int64_t count = end - begin, parts = std::min(kParts * threads_, count);
        if (threads_ == 1 || count < 2 || work < kWorth) return body(begin, end);
        parallel_for(parts, threads_, [&](std::int64_t part) {
            body(begin + count * part / parts, begin + count * (part + 1) / parts);
        });
    }

    int size() const { return threads_; }

    // body(worker, index) for index = 0 .. count - 1, some `work` operations in all, unevenly spread: the
    // next one to whoever is free. A worker, of 0 .. size() - 1, is at one index at a time: what it works
    // with is its own.
    void each(std::int64_t count, double work,
              const std::function<void(int worker, std::int64_t index)>& body) const {
        const int workers = work < kWorth ? 1 : static_cast<int>(std::min<std::int64_t>(threads_, count));
        std::atomic<std::int64_t> next{0};
        parallel_for(workers, workers, [&](std::int64_t worker) {
            for (std::int64_t index = next++; index < count; index = next++)
                body(static_cast<int>(worker), index);
        });
    }

  private:
    static constexpr double kWorth = 4e5;  // some 100 microseconds

    int threads_;
};

}  // namespace pl
