// What a long computation shares with whoever started it: one cancel flag, one counter of work done, and a
// poll that only the calling thread runs (it takes the GIL to look for signals and to report progress).
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <thread>

namespace pl {

class Control {
  public:
    using Poll = std::function<bool(std::int64_t done)>;  // true: cancel. Must not throw.

    explicit Control(Poll poll = {}) : poll_(std::move(poll)), caller_(std::this_thread::get_id()) {}

    bool cancelled() const { return cancel_.load(std::memory_order_relaxed); }
    void cancel() { cancel_.store(true, std::memory_order_relaxed); }
    void add_done(std::int64_t work) { done_.fetch_add(work, std::memory_order_relaxed); }
    bool on_caller() const { return std::this_thread::get_id() == caller_; }

    // On the calling thread, at most every kPollEvery, asks the poll; elsewhere only reads the flag.
    // True: stop now.
    bool check() {
        if (poll_ && on_caller()) {
            const auto now = std::chrono::steady_clock::now();
            if (now - last_poll_ >= kPollEvery) {
                last_poll_ = now;
                if (poll_(done_.load(std::memory_order_relaxed))) cancel();
            }
        }
        return cancelled();
    }

  private:
    static constexpr std::chrono::milliseconds kPollEvery{25};
    std::atomic<bool> cancel_{false};
    std::atomic<std::int64_t> done_{0};
    Poll poll_;
    std::thread::id caller_;
    std::chrono::steady_clock::time_point last_poll_{};  // touched by the calling thread only
};

// What one run asks between blocks of its work, on whatever thread: its caller's Control, and the clock.
class Watch {
  public:
    using Clock = std::chrono::steady_clock;

    Watch(Control& control, Clock::time_point deadline = Clock::time_point::max())
        : control_(control), deadline_(deadline) {}

    // True: stop now; and so for good.
    bool cut() const { return control_.check() || late(); }
    bool late() const { return deadline_ < Clock::time_point::max() && Clock::now() >= deadline_; }
    Control& control() const { return control_; }

  private:
    Control& control_;
    Clock::time_point deadline_;
};

// One worker's account of work done. Touches the shared Control only once per kWorkPerCheck flops, so that
// tiny steps pay neither for the clock nor for the counter.
class Ticker {
  public:
    explicit Ticker(Control& control) : control_(control) {}
    ~Ticker() { flush(); }
    Ticker(const Ticker&) = delete;
    Ticker& operator=(const Ticker&) = delete;

    // True: stop now.
    bool tick(double flops) {
        pending_ += flops;
        if (pending_ < kWorkPerCheck) return control_.cancelled();
        flush();
        return control_.check();
    }

  private:
    static constexpr double kWorkPerCheck = 1e6;  // 10 to 100 microseconds

    void flush() {
        control_.add_done(static_cast<std::int64_t>(pending_));
        pending_ = 0;
    }

    Control& control_;
    double pending_ = 0;
};

}  // namespace pl
