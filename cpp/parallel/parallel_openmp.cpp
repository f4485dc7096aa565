// parallel_for on OpenMP. The thread count is a clause of the region: no global OpenMP state is
// read or written.
#include <omp.h>

#include <string>

#include "parallel/team.hpp"

namespace pl {

void parallel_for(std::int64_t count, int threads, Control& control,
                  const std::function<void(std::int64_t)>& body) {
    Team team(count, control, body);
    const int size = team_size(count, threads);
    if (size == 1) {
        team.work();
    } else {
#pragma omp parallel num_threads(size) default(shared)
        {
            team.work();
            if (control.on_caller())
                team.wait(omp_get_num_threads());  // the runtime may give fewer than asked
        }
    }
    team.rethrow();
}

const char* parallel_runtime() {
    static const std::string name = "OpenMP " + std::to_string(_OPENMP);
    return name.c_str();
}

}  // namespace pl
