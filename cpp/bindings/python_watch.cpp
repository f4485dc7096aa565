#include "bindings/python_watch.hpp"

#include <utility>

#include "bindings/gil.hpp"

namespace pl {
namespace {

class PythonWatch final : public StepWatch {
  public:
    PythonWatch(py::object object, Index p, Index d) : object_(std::move(object)), p_(p), d_(d) {}

    void begin(double t) override {
        const TakenGil gil;
        try {
            object_.attr("begin")(t);
        } catch (py::error_already_set& error) {
            error.discard_as_unraisable("an event of a run");
        }
    }

    double along(double t, double h, const StateWithin& state) override {
        const TakenGil gil;
        try {
            const py::cpp_function within([&](double s) { return arrays(s, state); });
            const double end = object_.attr("along")(t, h, within).cast<double>();
            return end > 0 && end <= h ? end : h;
        } catch (py::error_already_set& error) {
            error.discard_as_unraisable("an event of a run");
        }
        return h;
    }

  private:
    py::tuple arrays(double s, const StateWithin& state) const {
        py::array_t<double> W({p_, d_}), a(p_);
        double *inner = W.mutable_data(), *outer = a.mutable_data();
        {
            const ReleasedGil released;
            state(s, inner, outer);
        }
        return py::make_tuple(W, a);
    }

    py::object object_;
    py::ssize_t p_, d_;
};

}  // namespace

std::unique_ptr<StepWatch> read_watch(const py::dict& task, const Problem<double>& problem) {
    py::object object = task["watch"];
    if (object.is_none()) return nullptr;
    return std::make_unique<PythonWatch>(std::move(object), problem.p, problem.d);
}

}  // namespace pl
