// What the two implementations of parallel_for share: handing out indices, exceptions, and the caller's wait.
#pragma once

#include <exception>
#include <mutex>
#include <thread>

#include "parallel/parallel_for.hpp"

namespace pl {

class Team {
  public:
    Team(std::int64_t count, Control& control, const std::function<void(std::int64_t)>& body)
        : count_(count), control_(control), body_(body) {}

    // One worker's share. Never throws.
    void work() noexcept {
        while (!control_.cancelled()) {
            const std::int64_t index = next_.fetch_add(1, std::memory_order_relaxed);
            if (index >= count_) break;
            try {
                body_(index);
            } catch (...) {
                const std::lock_guard<std::mutex> lock(mutex_);
                if (!error_) error_ = std::current_exception();
                control_.cancel();
            }
        }
        finished_.fetch_add(1, std::memory_order_release);
    }

    // The caller, its own share done, waits for `workers` to finish and keeps answering signals meanwhile:
    // first spinning (a step of one large problem ends within microseconds), then in naps far below the
    // promised 0.2 s.
    void wait(int workers) noexcept {
        for (int spins = 0; finished_.load(std::memory_order_acquire) < workers; ++spins) {
            if (spins < 2000) continue;
            control_.check();
            if (spins < 4000)
                std::this_thread::yield();
            else
                std::this_thread::sleep_for(std::chrono::microseconds(500));
        }
    }

    void rethrow() const {
        if (error_) std::rethrow_exception(error_);
    }

  private:
    const std::int64_t count_;
    Control& control_;
    const std::function<void(std::int64_t)>& body_;
    std::atomic<std::int64_t> next_{0};
    std::atomic<int> finished_{0};
    std::mutex mutex_;
    std::exception_ptr error_;
};

// The team's size: never more than there is work, and one after fork().
inline int team_size(std::int64_t count, int threads) {
    if (forked() || threads < 1) return 1;
    return static_cast<int>(count < threads ? (count < 1 ? 1 : count) : threads);
}

}  // namespace pl
