// How closely the flow passes the repelling kinks of its pairs. A pair with a_j r_i > 0 that comes near
// z_ji = 0 turns back just before, or goes through just so. Moved by a little it would have done the other,
// and the trajectory would be on another branch from there on (docs/sensitivity.md):
//   it turns, within a step or where an event of its neuron has its speed jump: by abs(z) there;
//   it goes through, slower and slower, or just before an event that would have turned it: by as far as it
//   would have gone beyond, with the speed and the acceleration it had before.
// Nothing here is read by the steps.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <vector>

#include "flow/events.hpp"
#include "flow/near.hpp"
#include "kernel/index.hpp"

namespace pl {

// One neuron as some jets hold it, perhaps by another number.
struct SeenNeuron {
    const Jets& jets;
    const Pairs& pairs;
    int slot;    // there
    int neuron;  // its own number

    double a() const { return jets.a(0, slot); }
    const double* w(int k) const { return jets.w(k, slot); }
    double w_norm(int k) const { return jets.w_norm(k, slot); }
    Mode mode(int i) const { return pairs.mode(slot, i); }
};

class Grazes {
  public:
    // A pass is close whose distance is below so much of norm(w_j) norm(x_i); as in capture/passes.hpp.
    static constexpr double kClose = 0.01;

    Grazes(const Inputs& inputs, const Pairs& pairs);

    // The step that is taken: the polynomial that the jets hold, to h, and what happens there. Modes are
    // still those of the step.
    // But for the neurons of `elsewhere`, in order, whose steps are noted one by one.
    // False: `cut`, asked now and then, said so; of the step nothing is then noted.
    bool note(const Jets& jets, double h, const std::vector<Event>& events, const std::vector<int>& elsewhere,
              const std::function<bool()>& cut);
    void note_alone(const SeenNeuron& seen, double h, const std::vector<Event>& events);

    // From `hold` on what these have noted can be taken back. They note at once, each on a thread of its own.
    void hold(const std::vector<int>& neurons);
    void forget();

    Index close() const;     // passes so far
    double closest() const;  // of them, of norm(w_j) norm(x_i); infinite: none

  private:
    using Vector = std::vector<double>;  // of d numbers, padded
    struct Through {
        int point;
        Mode now;      // beyond
        double side;   // of z before
        double speed;  // of side * z, had it no push of its own: below 0
        double rate;   // of that speed, as it was before
        double depth;  // so far beyond it would be
        Vector push;   // its own: by what the velocity of its neuron jumped; empty: it went through just now
    };
    struct Counted {
        int neuron;
        Index close = 0;
        double closest = std::numeric_limits<double>::infinity();
    };
    struct Neuron {
        std::vector<Through> through;
        Vector velocity;            // at the end of the last step
        std::vector<Event> events;  // there
        Index close = 0;
        double closest = std::numeric_limits<double>::infinity();
        void take(const Counted& count) { close = count.close, closest = count.closest; }
    };
    struct Before {
        int neuron;
        Neuron state;
        std::vector<std::int8_t> nearing;
    };
    Vector velocity(const SeenNeuron& seen, double s) const;
    using Events = std::vector<Event>;  // of one neuron
    void along(const SeenNeuron& seen, double h, const Events& all);
    void follow(const SeenNeuron& seen, double h);
    bool ends(const Neuron& neuron, const Vector& start, Through& pair);
    bool turns(double h, double scale, int j, Through& pair);
    bool by_itself(const Event& event, const Vector& before, const Vector& push) const;
    void search(const SeenNeuron& seen, double h, const Events& events);
    void look(const SeenNeuron& seen, int i, double h, double change, const Events& events);
    void count(int j, double z0, double scale);

    const Inputs& in_;
    const Pairs& pairs_;
    Near near_;
    std::vector<std::int8_t> nearing_;  // (p, n): 0, or the side of a pair that came nearer at the end of the
                                        // last step
    Neuron& noted(int j);
    std::vector<std::unique_ptr<Neuron>> neurons_;  // null: nothing yet, as of most
    std::vector<Before> before_;
};

}  // namespace pl
