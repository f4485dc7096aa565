// How many threads by default, and whether this process is a child of fork().
#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <thread>

#include "parallel/cgroup.hpp"
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

int quota_cpus() {
    return std::max(1, static_cast<int>(std::ceil(std::min(cgroup_cpus(), 0x1p20))));
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
