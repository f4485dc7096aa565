// What a batch system allows is written deep in the tree of control groups; the root, which alone was read,
// has no limit.
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>

#include "check.hpp"
#include "parallel/cgroup.hpp"

namespace {

namespace fs = std::filesystem;

// A tree of control groups, gone at the end.
struct Tree {
    fs::path at = fs::temp_directory_path() / ("pln-cgroup-" + std::to_string(getpid()));
    pl::CgroupPlaces places{(at / "membership").string(), (at / "root").string()};

    explicit Tree(const std::string& membership) {
        fs::remove_all(at);
        write("membership", membership);
    }
    ~Tree() { fs::remove_all(at); }
    Tree(const Tree&) = delete;
    Tree& operator=(const Tree&) = delete;

    void write(const std::string& name, const std::string& text) const {
        fs::create_directories((at / name).parent_path());
        std::ofstream(at / name) << text << '\n';
    }
};

bool near(double a, double b) {
    return std::abs(a - b) < 1e-9 * std::abs(b);
}

void test_v2() {
    const Tree tree("0::/system/job 7/step");
    CHECK(std::isinf(pl::cgroup_bytes_left(tree.places)));
    CHECK(std::isinf(pl::cgroup_cpus(tree.places)));
    tree.write("root/system/job 7/memory.max", "1000000");
    tree.write("root/system/job 7/memory.current", "900000");
    tree.write("root/system/job 7/step/memory.max", "max");
    tree.write("root/system/job 7/step/cpu.max", "max 100000");
    tree.write("root/system/cpu.max", "150000 100000");
    CHECK(near(pl::cgroup_bytes_left(tree.places), 1e5));
    CHECK(near(pl::cgroup_cpus(tree.places), 1.5));
    // Pages of files are had back: a group that has read a large file is not full.
    tree.write("root/system/job 7/memory.stat", "anon 5\ninactive_file 700000\nactive_file 1000\n");
    CHECK(near(pl::cgroup_bytes_left(tree.places), 8.01e5));
}

void test_v1() {
    const Tree tree("9:name=systemd:/\n4:memory:/slurm/uid_5/job\n2:cpu,cpuacct:/slurm\n0::/other");
    tree.write("root/memory/memory.limit_in_bytes", "9223372036854771712");
    tree.write("root/memory/memory.usage_in_bytes", "77777777");
    tree.write("root/memory/slurm/uid_5/job/memory.limit_in_bytes", "500000");
    tree.write("root/memory/slurm/uid_5/job/memory.usage_in_bytes", "600000");
    tree.write("root/other/memory.max", "1");
    tree.write("root/cpu/slurm/cpu.cfs_quota_us", "250000");
    tree.write("root/cpu/slurm/cpu.cfs_period_us", "100000");
    CHECK(pl::cgroup_bytes_left(tree.places) == 0);
    CHECK(near(pl::cgroup_cpus(tree.places), 2.5));
    tree.write("root/memory/slurm/uid_5/job/memory.stat", "inactive_file 5\ntotal_inactive_file 400000\n");
    CHECK(near(pl::cgroup_bytes_left(tree.places), 3e5));
}

void test_containers() {
    for (const char* membership : {"0::/", "0::/../..", "4:memory:/docker/abc", "nonsense", ""}) {
        const Tree tree(membership);
        const std::string base =
            std::string(membership).find("memory") != std::string::npos ? "root/memory/" : "root/";
        tree.write(base + "memory.max", "1000");
        tree.write(base + "memory.current", "400");
        CHECK(near(pl::cgroup_bytes_left(tree.places), 600));
    }
    CHECK(std::isinf(pl::cgroup_bytes_left({"/nowhere", "/nowhere"})));
}

}  // namespace

int main() {
    test_v2();
    test_v1();
    test_containers();
}
