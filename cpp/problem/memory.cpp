#include "problem/memory.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <limits>

namespace pl {
namespace {

constexpr double kUnlimited = std::numeric_limits<double>::infinity();

double free_ram() {
    std::ifstream meminfo("/proc/meminfo");
    std::string key;
    double kib = 0;
    while (meminfo >> key >> kib) {
        if (key == "MemAvailable:") return kib * 1024;
        std::getline(meminfo, key);
    }
    return kUnlimited;  // not Linux: the allocator decides
}

double number_in(const char* path) {
    std::ifstream file(path);
    double value = kUnlimited;
    return file >> value ? value : kUnlimited;  // "max" does not parse: no limit
}

double cgroup_left() {
    const double v2 = number_in("/sys/fs/cgroup/memory.max");
    if (v2 < kUnlimited) return v2 - number_in("/sys/fs/cgroup/memory.current");
    const double v1 = number_in("/sys/fs/cgroup/memory/memory.limit_in_bytes");
    if (v1 < kUnlimited) return v1 - number_in("/sys/fs/cgroup/memory/memory.usage_in_bytes");
    return kUnlimited;
}

std::string human(double bytes) {
    char text[64];
    std::snprintf(text, sizeof text, bytes < 1e7 ? "%.0f bytes" : "%.3g GiB",
                  bytes < 1e7 ? bytes : bytes / 0x1p30);
    return text;
}

}  // namespace

double available_bytes() {
    if (const char* text = std::getenv("PL_NATIVE_MAX_BYTES")) {
        const double limit = std::strtod(text, nullptr);
        if (limit > 0) return limit;
    }
    return std::max(0.0, std::min(free_ram(), cgroup_left()));
}

void require_bytes(double bytes) {
    const double available = available_bytes();
    if (bytes <= available) return;
    throw MemoryBudget("this call needs " + human(bytes) + " of memory, available are " + human(available) +
                       " (PL_NATIVE_MAX_BYTES overrides what is available)");
}

}  // namespace pl
