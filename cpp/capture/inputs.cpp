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

namespace {

PackedProblem<float> in_single(const Problem<double>& problem, int threads) {
    const std::vector<float> X(problem.X, problem.X + problem.n * problem.d);
    const std::vector<float> y(problem.y, problem.y + problem.n);
    Problem<float> single;
    single.n = problem.n;
    single.d = problem.d;
    single.p = problem.p;
    single.X = X.data();
    single.y = y.data();
    return {single, kernel<float>(), threads};
}

}  // namespace

CaptureInputs::CaptureInputs(const FlowProblem& problem, int threads)
    : problem_(as_problem(problem)),
      packed_(problem_, kernel<double>(), threads),
      single_(in_single(problem_, threads)),
      stride_(round_up(problem_.d, 8)),
      float_stride_(round_up(problem_.d, 16)),
      rows_(problem_.n * stride_),
      float_rows_(problem_.n * float_stride_) {
    for (Index i = 0; i < problem_.n; ++i)
        for (Index k = 0; k < problem_.d; ++k) {
            const double x = problem_.X[i * problem_.d + k];
            rows_.data()[i * stride_ + k] = x;
            float_rows_.data()[i * float_stride_ + k] = static_cast<float>(x);
        }
}

double CaptureInputs::bytes(const FlowProblem& problem) {
    const double points = static_cast<double>(block_count(problem.n) * kBlockPoints);
    const double d = problem.d, lanes = static_cast<double>(kernel<float>().lanes);
    return 12 * points * (2 * d + lanes + 2) + problem.n * (8.0 * (d + 8) + 4.0 * (d + 16));
}

}  // namespace pl
