#include "parallel/team.hpp"

namespace pl {
namespace {

// The team's size: never more than there is work, and one after fork().
int team_size(std::int64_t count, int threads) {
    if (forked() || threads < 1) return 1;
    return static_cast<int>(count < threads ? (count < 1 ? 1 : count) : threads);
}

}  // namespace

void Team::work() noexcept {
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

void Team::wait(int workers) noexcept {
    for (int spins = 0; finished_.load(std::memory_order_acquire) < workers; ++spins) {
        if (spins < 2000) continue;
        control_.check();
        if (spins < 4000)
            std::this_thread::yield();
        else
            std::this_thread::sleep_for(std::chrono::microseconds(500));
    }
}

void Team::rethrow() const {
    if (error_) std::rethrow_exception(error_);
}

void parallel_for(std::int64_t count, int threads, Control& control,
                  const std::function<void(std::int64_t)>& body) {
    Team team(count, control, body);
    const int size = team_size(count, threads);
    if (size == 1)
        team.work();
    else
        work_together(team, size, control);
    team.rethrow();
}

}  // namespace pl
