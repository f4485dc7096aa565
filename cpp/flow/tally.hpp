// What switches, of all neurons or of one, counted and logged.
#pragma once

#include <vector>

#include "flow/flow.hpp"

namespace pl {

class Tally {
  public:
    explicit Tally(bool logs) : logs_(logs) {}

    void changed(const Switch& pair, bool repelling);  // its mode has
    void began(const Switch& pair);  // otherwise than the sign of its z says: no change, but told in the log
    void started_at_kinks(Index pairs, Index repelling);  // of which so many stay off at repelling kinks
    void dependent_inputs() { ++count_.dependent_inputs; }
    void zero_neuron() { ++count_.zero_neuron; }
    void outer_zero() { ++count_.a_zero; }
    void event() { ++count_.events; }

    void call(int j);              // the neuron is called so
    void sort();                   // by time; what is of one time stays as it is
    void add(const Tally& other);  // behind

  protected:
    bool logs_;
    FlowCounters count_;
    std::vector<Switch> log_;
};

}  // namespace pl
