// _core.prove: what can be proved of the flow from a state.
#include <pybind11/stl.h>

#include "bindings/kink_fields.hpp"
#include "bindings/register.hpp"
#include "bindings/signals.hpp"
#include "bindings/task.hpp"
#include "bindings/threads.hpp"
#include "proof/prove.hpp"

namespace pl {
namespace {

// One field of each, as an array.
template <class Value, class Item, class Get>
py::array_t<Value> column(const std::vector<Item>& items, Get get) {
    py::array_t<Value> out(static_cast<py::ssize_t>(items.size()));
    Value* to = out.mutable_data();
    for (std::size_t k = 0; k < items.size(); ++k) to[k] = get(items[k]);
    return out;
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
    out["neuron"] = column<Index>(proof.pairs, [](const ProofPair& pair) { return pair.neuron; });
    out["point"] = column<Index>(proof.pairs, [](const ProofPair& pair) { return pair.point; });
    out["kind"] = column<std::int8_t>(
        proof.pairs, [](const ProofPair& pair) { return static_cast<std::int8_t>(pair.kind); });
    out["share"] = column<double>(proof.pairs, [](const ProofPair& pair) { return pair.share; });
    out["dual"] = column<double>(proof.dual, [](double value) { return value; });
    return out;
}

py::object run_prove(const py::dict& task, int threads) {
    HeldProblem<double> held = read_problem<double>(task);
    held.problem.kinks = read_kinks(task);
    threads = usable_threads(threads);
    Proof proof;
    const bool interrupted = run_interruptibly(
        py::none(), 0, [&](Control& control) { proof = prove(held.problem, {threads, control}); });
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
