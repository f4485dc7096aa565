// parallel_for: every index once, exceptions carried back, cancellation, from many threads at once.
#include <chrono>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "check.hpp"
#include "parallel/crew.hpp"
#include "parallel/parallel_for.hpp"

namespace {

void every_index_once(int threads) {
    std::vector<int> seen(1000);
    pl::Control control;
    pl::parallel_for(1000, threads, control, [&](std::int64_t k) { seen[static_cast<std::size_t>(k)]++; });
    for (int count : seen) CHECK(count == 1);
}

void a_worker_is_at_one_index_at_a_time(int threads) {
    const pl::Crew crew(threads);
    std::vector<std::atomic<int>> seen(300), at_work(static_cast<std::size_t>(crew.size()));
    for (const double work : {1.0, 1e9}) {
        crew.each(300, work, [&](int worker, std::int64_t k) {
            std::atomic<int>& mine = at_work.at(static_cast<std::size_t>(worker));
            CHECK(mine.fetch_add(1) == 0);
            if (k % 50 == 0) std::this_thread::sleep_for(std::chrono::microseconds(200));
            seen[static_cast<std::size_t>(k)]++;
            mine.fetch_sub(1);
        });
    }
    for (const auto& count : seen) CHECK(count == 2);
}

void exception_is_carried_back(int threads) {
    pl::Control control;
    bool caught = false;
    try {
        pl::parallel_for(100, threads, control, [](std::int64_t k) {
            if (k == 17) throw std::runtime_error("seventeen");
        });
    } catch (const std::runtime_error&) {
        caught = true;
    }
    CHECK(caught && control.cancelled());
}

void cancel_stops(int threads) {
    pl::Control control;
    std::atomic<int> done{0};
    pl::parallel_for(1000000, threads, control, [&](std::int64_t) {
        if (done.fetch_add(1) == 100) control.cancel();
    });
    CHECK(done.load() < 1000);
}

void poll_runs_on_the_caller() {
    const auto caller = std::this_thread::get_id();
    std::atomic<int> polls{0};
    pl::Control control([&](std::int64_t) {
        CHECK(std::this_thread::get_id() == caller);
        return ++polls >= 3;
    });
    // index 0 is long: whoever has it only reads the flag unless it is the caller
    pl::parallel_for(2, 2, control, [&](std::int64_t) {
        while (!control.check()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    });
    CHECK(polls.load() == 3);
}

// Threads of this process, where the system tells.
int threads_here() {
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;)
        if (word == "Threads:" && status >> word) return std::stoi(word);
    return 0;
}

void threads_are_kept() {
    for (int call = 0; call < 2000; ++call) every_index_once(3);
    CHECK(threads_here() <=
          6);  // the caller, the three helpers that the largest call asked for, a sanitizer's
}

// Both of two indices are at work at once, however long the helper has had nothing to do: 50 microseconds
// after its last work it goes to sleep.
void a_helper_comes() {
    const pl::Crew crew(2);
    for (int call = 0; call < 200; ++call) {
        std::this_thread::sleep_for(std::chrono::microseconds(call % 100));
        std::atomic<int> begun{0};
        crew.each(2, 1e9, [&](int, std::int64_t) {
            ++begun;
            const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
            while (begun < 2 && std::chrono::steady_clock::now() < end) std::this_thread::yield();
            CHECK(begun == 2);
        });
    }
}

// While it is on its way the caller may have done all; it then comes to nothing, and to the next call.
void a_helper_may_come_late() {
    for (int call = 0; call < 20000; ++call) {
        std::atomic<int> sum{0};
        pl::parallel_for(2, 2, [&](std::int64_t k) { sum += static_cast<int>(k) + 1; });
        CHECK(sum == 3);
    }
}

}  // namespace

int main() {
    for (int threads : {1, 2, 4}) {
        every_index_once(threads);
        a_worker_is_at_one_index_at_a_time(threads);
        exception_is_carried_back(threads);
        cancel_stops(threads);
    }
    poll_runs_on_the_caller();
    if (std::strcmp(pl::parallel_runtime(), "std::thread") == 0) {
        threads_are_kept();
        a_helper_comes();
    }
    a_helper_may_come_late();
    std::vector<std::thread> crowd;
    for (int k = 0; k < 8; ++k) crowd.emplace_back([] { every_index_once(2); });
    for (std::thread& member : crowd) member.join();
    CHECK(pl::default_threads() >= 1 && !pl::forked());
    std::printf("%s\n", pl::parallel_runtime());
}
