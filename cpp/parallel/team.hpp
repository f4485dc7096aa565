// One call of parallel_for: indices handed out, exceptions, and the caller's wait.
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
    void work() noexcept;

    // The caller, its own share done, waits for `workers` to finish and keeps answering signals meanwhile:
    // first spinning (a step of one large problem ends within microseconds), then in naps far below the
    // promised 0.2 s.
    void wait(int workers) noexcept;

    void rethrow() const;

  private:
    const std::int64_t count_;
    Control& control_;
    const std::function<void(std::int64_t)>& body_;
    std::atomic<std::int64_t> next_{0};
    std::atomic<int> finished_{0};
    std::mutex mutex_;
    std::exception_ptr error_;
};

// The team's work by `size` > 1 threads, the caller among them; it returns when all of it is done. By
// parallel_threads.cpp, or parallel_openmp.cpp.
void work_together(Team& team, int size, Control& control);

}  // namespace pl
