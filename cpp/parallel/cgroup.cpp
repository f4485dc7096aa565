#include "parallel/cgroup.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <limits>

namespace pl {
namespace {

constexpr double kUnlimited = std::numeric_limits<double>::infinity();
constexpr double kNoLimit = 0x1p62;  // what v1 writes for none is the largest multiple of a page

double number_in(const std::string& path) {
    std::ifstream file(path);
    double value = kUnlimited;
    return file >> value ? value : kUnlimited;  // "max" does not parse: no limit
}

// Bytes of pages of files that a group holds, with those of the groups in it.
double file_pages(const std::string& folder) {
    std::ifstream file(folder + "/memory.stat");
    std::string name;
    double value = 0, own = 0, total = 0;
    while (file >> name >> value) {
        if (name == "inactive_file" || name == "active_file") own += value;
        if (name == "total_inactive_file" || name == "total_active_file") total += value;
    }
    return std::max(own, total);  // v2 has no totals: its own are
}

double bytes_left_of(const std::string& folder) {
    for (const auto& [limit, used] : {std::pair{"/memory.max", "/memory.current"},
                                      std::pair{"/memory.limit_in_bytes", "/memory.usage_in_bytes"}}) {
        const double most = number_in(folder + limit);
        if (most < kNoLimit) return std::max(0.0, most - number_in(folder + used) + file_pages(folder));
    }
    return kUnlimited;
}

// v2: "max 100000" or "150000 100000" in one file; v1: two files, -1 for none.
double cpus_of(const std::string& folder) {
    double quota = -1, period = 100000;
    std::string first;
    if (std::ifstream v2(folder + "/cpu.max"); v2 >> first >> period) {
        if (first != "max") quota = std::strtod(first.c_str(), nullptr);
    } else if (std::ifstream v1(folder + "/cpu.cfs_quota_us"); v1 >> quota) {
        std::ifstream(folder + "/cpu.cfs_period_us") >> period;
    }
    return quota > 0 && period > 0 ? quota / period : kUnlimited;
}

bool names(const std::string& controllers, const std::string& one) {
    return ("," + controllers + ",").find("," + one + ",") != std::string::npos;
}

}  // namespace

std::vector<std::string> cgroup_folders(const std::string& controller, const CgroupPlaces& places) {
    std::ifstream file(places.membership);
    std::string line, base = places.root, path;
    while (std::getline(file, line)) {  // "5:cpu,cpuacct:/a/b"; of v2 "0::/a/b"
        const std::size_t one = line.find(':');
        const std::size_t two = one == std::string::npos ? one : line.find(':', one + 1);
        if (two == std::string::npos) continue;
        const std::string controllers = line.substr(one + 1, two - one - 1);
        if (names(controllers, controller)) {
            base = places.root + "/" + controller;
            path = line.substr(two + 1);
            break;
        }
        if (controllers.empty()) path = line.substr(two + 1);
    }
    std::vector<std::string> folders;
    if (path.find("..") != std::string::npos) path.clear();  // outside of what is seen here
    for (; !path.empty(); path.erase(path.find_last_of('/'))) {
        if (path.front() != '/') break;
        if (path.size() > 1) folders.push_back(base + path);
    }
    folders.push_back(base);
    return folders;
}

double cgroup_bytes_left(const CgroupPlaces& places) {
    double left = kUnlimited;
    for (const std::string& folder : cgroup_folders("memory", places))
        left = std::min(left, bytes_left_of(folder));
    return left;
}

double cgroup_cpus(const CgroupPlaces& places) {
    double cpus = kUnlimited;
    for (const std::string& folder : cgroup_folders("cpu", places)) cpus = std::min(cpus, cpus_of(folder));
    return cpus;
}

}  // namespace pl
