#include "capture/inputs.hpp"

#include <algorithm>

#include "kernel/dispatch.hpp"

namespace pl {

double norm_sq(const double* w, Index width) {
    double sum = 0;
    for (Index k = 0; k < width; ++k) sum += w[k] * w[k];
    return sum;
}

Problem<double> as_problem(const FlowProblem& flow) {
    Problem<double> problem;
    problem.n = flow.n;
    problem.d = flow.d;
    problem.p = flow.p;
    problem.X = flow.X;
    problem.norms = flow.norms;
    problem.y = flow.y;
    problem.W = flow.W;
    problem.a = flow.a;
    problem.w_perp_sq = flow.w_perp_sq;
    problem.certifiable = flow.certifiable;
    problem.orthogonal = flow.orthogonal;
    return problem;
}

CaptureInputs::CaptureInputs(const FlowProblem& problem, int threads)
    : problem_(as_problem(problem)),
      packed_(problem_, kernel<double>(), threads),
      stride_(round_up(problem_.d, 8)),
      rows_(problem_.n * stride_) {
    for (Index i = 0; i < problem_.n; ++i)
        std::copy_n(problem_.X + i * problem_.d, problem_.d, rows_.data() + i * stride_);
    for (Index i = 0; i < problem_.n; ++i) norm_sq_.push_back(norm_sq(rows_.data() + i * stride_, stride_));
}

double CaptureInputs::bytes(const FlowProblem& problem) {
    const double points = static_cast<double>(block_count(problem.n) * kBlockPoints);
    const double d = problem.d, lanes = static_cast<double>(kernel<double>().lanes);
    return 8 * points * (2 * d + lanes + 2) + 8.0 * problem.n * (d + 9);
}

}  // namespace pl
