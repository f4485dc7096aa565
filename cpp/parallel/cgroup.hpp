// Control groups: what the process is allowed, by its own group and by all that this one lies in. A batch
// system or systemd limits a group deep in the tree; in a container the own group is the root of what is
// seen.
#pragma once

#include <string>
#include <vector>

namespace pl {

// Where the groups are told and where they lie; others in tests.
struct CgroupPlaces {
    std::string membership = "/proc/self/cgroup";
    std::string root = "/sys/fs/cgroup";
};

// Folders of the groups of this process for a controller ("memory", "cpu"), its own first, the root last, of
// cgroup v1 where this controller is there, else of v2. Some may not exist.
std::vector<std::string> cgroup_folders(const std::string& controller, const CgroupPlaces& places = {});

// Bytes that these groups still allow; infinity without a limit. Pages of files count as free: the kernel
// takes them back before it refuses.
double cgroup_bytes_left(const CgroupPlaces& places = {});

// CPUs' worth of time that these groups allow; infinity without a quota.
double cgroup_cpus(const CgroupPlaces& places = {});

}  // namespace pl
