// _core.prove: what can be proved of the flow from a state.
#include <pybind11/stl.h>

#include "bindings/flow_task.hpp"
#include "bindings/register.hpp"
#include "bindings/signals.hpp"
#include "bindings/threads.hpp"
#include "proof/prove.hpp"

namespace pl {
namespace {

Problem<double> as_problem(const FlowProblem& flow) {
    Problem<double> problem;
    problem.n = flow.n, problem.d = flow.d, problem.p = flow.p;
    problem.X = flow.X, problem.norms = flow.norms, problem.y = flow.y;
    problem.W = flow.W, problem.a = flow.a, problem.w_perp_sq = flow.w_perp_sq;
    problem.certifiable = flow.certifiable, problem.orthogonal = flow.orthogonal;
    return problem;
}

py::dict written(const Proof& proof) {
    py::dict out;
    out["verdict"] = static_cast<int>(proof.verdict);
    out["reason"] = proof.reason;
    out["rho"] = proof.rho;
    out["rate"] = proof.rate;
    out["distance"] = proof.distance;
    out["smallest"] = proof.smallest;
    out["tau"] = proof.tau;
    out["needed_over_allowed"] = proof.needed_over_allowed;
    out["limit_low"] = proof.limit_low;
    out["limit_high"] = proof.limit_high;
    out["moved"] = proof.moved;
    out["settled"] = proof.settled;
    out["held_until"] = proof.held_until;
    out["held_bound"] = proof.held_bound;
    out["uncertain"] = proof.uncertain;
    out["sliding"] = proof.sliding;
    out["resting"] = proof.resting;
    out["dead"] = proof.dead;
    py::list escapes;
    for (const Escape& e : proof.escapes) escapes.append(py::make_tuple(e.neuron, e.gain, e.direction));
    out["escapes"] = escapes;
    return out;
}

py::object run_prove(const py::dict& task, int threads) {
    HeldProblem held;
    read_problem(task, held);
    const Problem<double> problem = as_problem(held.problem);
    threads = usable_threads(threads);
    Proof proof;
    const bool interrupted = run_interruptibly(
        py::none(), 0, [&](Control& control) { proof = prove(problem, {threads, control}); });
    if (interrupted) {
        PyErr_SetNone(PyExc_KeyboardInterrupt);
        throw py::error_already_set();
    }
    return written(proof);
}

}  // namespace

void register_proof(py::module_& module) {
    module.def("prove", &run_prove, py::arg("task"), py::arg("threads"),
               "What can be proved of the flow from the state of a task (a dictionary).");
}

}  // namespace pl
