#include "euler/euler.hpp"

#include "euler/dense_model.hpp"
#include "euler/orthogonal_model.hpp"
#include "euler/trajectory.hpp"

namespace pl {
namespace {

template <class Model, class Real>
EulerResult<Real> run(const Problem<Real>& problem, const EulerOptions& options, const Kernel<Real>& kernel,
                      int threads, Control& control) {
    const auto began = StopRules::Clock::now();
    const Watch first(control, options.stop.first_deadline(began, options.past.fresh()));
    Model model(problem, kernel, threads, [&first] { return first.cut(); });
    return Trajectory<Real, Model>(problem, options, model, threads, first, began).run();
}

}  // namespace

template <class Real>
EulerResult<Real> euler(const Problem<Real>& problem, const EulerOptions& options, const Kernel<Real>& kernel,
                        int inner_threads, Control& control) {
    if (problem.norms != nullptr)
        return run<OrthogonalModel<Real>>(problem, options, kernel, inner_threads, control);
    return run<DenseModel<Real>>(problem, options, kernel, inner_threads, control);
}

template <class Real>
double scratch_bytes(const Problem<Real>& problem, const Kernel<Real>& kernel) {
    return problem.norms != nullptr ? OrthogonalModel<Real>::bytes(problem, kernel)
                                    : DenseModel<Real>::bytes(problem, kernel);
}

#define PLN_INSTANTIATE(Real)                                                                             \
    template EulerResult<Real> euler(const Problem<Real>&, const EulerOptions&, const Kernel<Real>&, int, \
                                     Control&);                                                           \
    template double scratch_bytes(const Problem<Real>&, const Kernel<Real>&);
PLN_INSTANTIATE(float)
PLN_INSTANTIATE(double)
#undef PLN_INSTANTIATE

}  // namespace pl
