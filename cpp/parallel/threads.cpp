// How many threads by default, and whether this process is a child of fork().
#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>

#include "parallel/parallel_for.hpp"

namespace pl {
namespace {

std::atomic<bool> in_forked_child{false};

// Registered when the module is loaded, so that a fork at any later time is seen.
const int registered = pthread_atfork(nullptr, nullptr, [] { in_forked_child.store(true); });

int affinity_cpus() {
#if defined(__linux__)
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
#endif
    return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

// cgroup v2: "max 100000" or "150000 100000"; v1: two files. No quota: no limit.
int quota_cpus() {
    double quota = -1, period = 100000;
    std::string first;
    if (std::ifstream v2("/sys/fs/cgroup/cpu.max"); v2 >> first >> period) {
        if (first != "max") quota = std::strtod(first.c_str(), nullptr);
    } else if (std::ifstream v1("/sys/fs/cgroup/cpu/cpu.cfs_quota_us"); v1 >> quota) {
        std::ifstream("/sys/fs/cgroup/cpu/cpu.cfs_period_us") >> period;
    }
    if (quota <= 0 || period <= 0) return 1 << 20;
    return std::max(1, static_cast<int>(std::ceil(quota / period)));
}

}  // namespace

bool forked() {
    return registered == 0 && in_forked_child.load(std::memory_order_relaxed);
}

int default_threads() {
    if (const char* text = std::getenv("OMP_NUM_THREADS")) {
        const long asked = std::strtol(text, nullptr, 10);  // a list "4,2" gives its first level
        if (asked >= 1) return static_cast<int>(std::min(asked, 1L << 20));
    }
    static const int quota =
        quota_cpus();  // read once: files take a third of a small run, and every call asks
    return std::min(affinity_cpus(), quota);
}

}  // namespace pl
