// The pairs that meet their kinks in a step: found by the signs of z at its two ends, and followed through
// (neuron.hpp).
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "capture/inputs.hpp"
#include "capture/neuron_step.hpp"
#include "kernel/index.hpp"

namespace pl {

class Crossings {
  public:
    explicit Crossings(const CaptureInputs& inputs);

    // The pairs at rest, as the step finds them, those beside, and those that change side. `masks`: those of
    // its start.
    void begin(const NeuronStep& step, const std::vector<Touched>& resting, const std::vector<int>& beside,
               const Word* masks);
    // Adds to them those that change side now; how many.
    Index find(const NeuronStep& step, const Word* masks);
    // Their shares, what drives the neuron under them, and where it leads. Those from `known` on were found
    // after the others had been followed.
    Index follow(const NeuronStep& step, Index known, CutOff cut);

  private:
    void add(const NeuronStep& step, int point, const Word* masks) const;
    void add_unseen(const NeuronStep& step, int point, const Word* masks);
    using Solver = std::unique_ptr<KinkSolver>;
    Solver borrow();
    void give_back(Solver solver);

    const InputRows rows_;
    const KinkSweeps sweeps_;
    const bool opposite_;
    Index p_, blocks_;
    Buffer<Word> signs_, seen_;  // (p, blocks): of z at the end; pairs already among those met
    // Of each neuron that has met many kinks: what it knows of its pairs serves the second look. For the
    // others there are as many as threads: ten pieces of memory for each of 10^6 neurons took 0.1 s to give
    // back, and K of few pairs is soon made again.
    std::vector<Solver> solvers_;
    std::vector<Solver> idle_;
    std::mutex mutex_;  // of them
};

}  // namespace pl
