// parallel_for on std::thread, for builds without OpenMP.
#include <vector>

#include "parallel/team.hpp"

namespace pl {

void parallel_for(std::int64_t count, int threads, Control& control,
                  const std::function<void(std::int64_t)>& body) {
    Team team(count, control, body);
    const int size = team_size(count, threads);
    std::vector<std::thread> helpers;
    helpers.reserve(static_cast<std::size_t>(size));
    int started = 1;
    for (bool more = true; more && started < size;) {
        try {
            helpers.emplace_back([&team] { team.work(); });
            ++started;
        } catch (const std::system_error&) {
            more = false;  // there are none to be had: the ones there are do the work
        }
    }
    team.work();
    team.wait(started);
    for (std::thread& helper : helpers) helper.join();
    team.rethrow();
}

const char* parallel_runtime() {
    return "std::thread";
}

}  // namespace pl
