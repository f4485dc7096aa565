// A team on OpenMP, for builds that ask for it. The thread count is a clause of the region: no global
// OpenMP state is read or written. Its threads spin where they meet, which beside other busy processes costs
// milliseconds a call, and the runtime ends the process when it is refused a thread.
#include <omp.h>

#include <string>

#include "parallel/team.hpp"

namespace pl {

void work_together(Team& team, int size, Control& control) {
#pragma omp parallel num_threads(size) default(shared)
    {
        team.work();
        if (control.on_caller()) team.wait(omp_get_num_threads());  // the runtime may give fewer than asked
    }
}

const char* parallel_runtime() {
    static const std::string name = "OpenMP " + std::to_string(_OPENMP);
    return name.c_str();
}

bool threads_refused() {
    return false;
}

}  // namespace pl
