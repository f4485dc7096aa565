#include "capture/inputs.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernel/dispatch.hpp"
#include "kernel/inner.hpp"

namespace pl {
namespace {

constexpr Index kAsked = 1024;  // rows between questions whether to stop

PackedProblem<float> in_single(const Problem<double>& problem, int threads, const Cut& cut) {
    leave_if(cut);
    const std::vector<float> X(problem.X, problem.X + problem.n * problem.d);
    const std::vector<float> y(problem.y, problem.y + problem.n);
    Problem<float> single;
    single.n = problem.n;
    single.d = problem.d;
    single.p = problem.p;
    single.X = X.data();
    single.y = y.data();
    PackedProblem<float> packed(single, kernel<float>(), threads, Layouts::kBoth, cut);
    leave_if(cut);
    return packed;
}

// Whether the entries of x (d) are of few sizes: multiples, up to the twelfth, of a part of the least of
// them.
bool is_small_multiple(const double* x, Index d) {
    constexpr double kMost = 12.0, kAsOne = 1e-9;
    double least = 0.0;
    for (Index k = 0; k < d; ++k) {
        const double size = std::abs(x[k]);
        if (size > 0.0 && (least == 0.0 || size < least)) least = size;
    }
    for (const double parts : {1.0, 2.0, 3.0, 4.0}) {
        const auto is_multiple = [&](double entry) {
            const double times = std::abs(entry) / least * parts;
            return times <= kMost && std::abs(times - std::round(times)) <= kAsOne * kMost;
        };
        if (least > 0.0 && std::all_of(x, x + d, is_multiple)) return true;
    }
    return false;
}

}  // namespace

CaptureInputs::CaptureInputs(const Problem<double>& problem, int threads, const Cut& cut)
    : given_(problem),
      copies_(given_),
      packed_(copies_.merged(), kernel<double>(), threads, Layouts::kBoth, cut),
      single_(in_single(copies_.merged(), threads, cut)),
      stride_(round_up(problem.d, 8)),
      float_stride_(round_up(problem.d, 16)),
      rows_(problem.n * stride_),
      float_rows_(problem.n * float_stride_),
      norms_(at(problem.n)) {
    const double* X = copies_.merged().X;
    constexpr int kSeveral = 3;
    int small = 0;
    if (copies_.any()) parallel_.emplace(copies_.merged());
    for (Index i = 0; i < problem.n; ++i) {
        if (i % kAsked == 0) leave_if(cut);
        norms_[at(i)] = norm_of(X + i * problem.d, problem.d);
        if (small < kSeveral && is_small_multiple(X + i * problem.d, problem.d)) ++small;
        for (Index k = 0; k < problem.d; ++k) {
            const double x = X[i * problem.d + k];
            rows_.data()[i * stride_ + k] = x;
            float_rows_.data()[i * float_stride_ + k] = static_cast<float>(x);
        }
    }
    lattice_ = small >= kSeveral && problem.d > 2;
}

double CaptureInputs::largest_norm() const {
    return *std::max_element(norms_.begin(), norms_.end());
}

bool CaptureInputs::in_single_range() const {
    // below, an input counts for nothing beside a longer one
    constexpr double kLeast = std::numeric_limits<float>::min();
    const double most = largest_norm();
    return std::isfinite(static_cast<float>(most * most)) && most * most >= kLeast;
}

double CaptureInputs::bytes(const Problem<double>& problem) {
    const double points = static_cast<double>(block_count(problem.n) * kBlockPoints);
    const double d = static_cast<double>(problem.d), lanes = static_cast<double>(kernel<float>().lanes);
    return 12 * points * (2 * d + lanes + 2) +
           static_cast<double>(problem.n) * (8.0 * (d + 9) + 4.0 * (d + 16));
}

}  // namespace pl
