// What a run returns is written once: an end state may be most of the memory there is, and a page touched
// before its numbers come costs as much as they do.
#include <sys/resource.h>

#include <limits>
#include <vector>

#include "check.hpp"
#include "problem/rows.hpp"

namespace {

using pl::Index;

// A state that leaves the place for its weights as it is: what else writes there is seen by the pages it
// takes.
struct Silent : pl::State<double> {
    Index p;
    explicit Silent(Index neurons) : p(neurons) {}
    double sum_r2() const override { return 1.0; }
    double velocity_sq() override { return 1.0; }
    Index n_active() const override { return 0; }
    double dead_label_sq() const override { return 0.0; }
    pl::NeuronFacts neurons() const override {
        const std::vector<double> zeros(static_cast<std::size_t>(p));
        return {zeros, zeros};
    }
    pl::NeuronMotion motion() override { return {}; }
    std::vector<double> outputs() const override { return {}; }
    Index output_terms() const override { return 1; }
    void write_state(double*, double*) const override {}
};

constexpr Index p = 1 << 9, d = 1 << 13;  // an end state of 32 MiB

struct Wide {
    const std::vector<double> x = std::vector<double>(d, 1.0), y = {1.0};
    pl::Problem<double> problem;
    Wide() {
        problem.n = 1;
        problem.d = d;
        problem.p = p;
        problem.X = x.data();
        problem.y = y.data();
    }
};

long page_faults() {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    return used.ru_minflt;
}

void the_end_state_is_written_once() {
    const Wide wide;
    const pl::Problem<double>& problem = wide.problem;
    pl::Rows<double, double> rows;
    const pl::Saves<double> saves{{0.0}, true};
    pl::Recorder<double, double> recorder(problem, saves, rows);
    Silent state(p);
    const std::vector<double> invariants(static_cast<std::size_t>(p));
    const long before = page_faults();
    recorder.visit(0.0, state, invariants);
    recorder.write_end(state);
    constexpr long kPages = 2 * p * d * 8 / 4096;  // of a saved state and the end
    CHECK(page_faults() - before < kPages / 4);    // a sanitizer has some of its own
    CHECK(rows.W.size() == rows.W_saved.size());
}

// Its memory may be taken before the run, which is asked on the way whether to stop; a run that begins again
// has it still, and the end finds it.
void the_end_state_finds_its_memory() {
    const Wide wide;
    const pl::Problem<double>& problem = wide.problem;
    pl::Rows<double, double> rows;
    Index asks = 0;
    CHECK(pl::take_end(problem, [&asks] { return ++asks > 1 << 20; }, rows) > 0);
    CHECK(asks == 8 * p * d >> 21);  // pieces of 2 MiB
    CHECK(rows.W.empty());
    const double* const place = rows.W.data();
    rows.t = {1.0};
    pl::clear(rows);
    CHECK(rows.t.empty());
    const long before = page_faults();
    const pl::Saves<double> saves{{0.0}, false};
    pl::Recorder<double, double> recorder(problem, saves, rows);
    Silent state(p);
    recorder.visit(0.0, state, std::vector<double>(static_cast<std::size_t>(p)));
    recorder.write_end(state);
    CHECK(rows.W.data() == place && rows.W.size() == pl::at(p * d));
    for (double& w : rows.W) w = 1.0;
    CHECK(page_faults() - before < p * d * 8 / 4096 / 4);
    asks = 0;
    pl::Rows<double, double> left;
    pl::take_end(problem, [&asks] { return ++asks > 2; }, left);
    CHECK(asks == 3 && left.W.empty());
}

// Python takes the kinks of an end state over unseen.
void kinks_are_told_from_what_cannot_be_those_of_a_state() {
    using pl::Mode;
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const std::vector<pl::PairAtKink> good{{0, 1, Mode::kSlide, 0.5},
                                           {0, 2, Mode::kOff, 0.0},
                                           {2, 0, Mode::kOn, 1.0},
                                           {2, 3, Mode::kSlide, nan}};
    CHECK(pl::of_one_state(good, 4, 3));
    CHECK(pl::of_one_state({}, 1, 1));
    CHECK(!pl::of_one_state(good, 3, 3));  // point 3
    CHECK(!pl::of_one_state(good, 4, 2));  // neuron 2
    const auto with = [&](const pl::PairAtKink& other) {
        std::vector<pl::PairAtKink> pairs = good;
        pairs[1] = other;
        return pairs;
    };
    CHECK(!pl::of_one_state(with({0, 1, Mode::kOff, 0.0}), 4, 3));  // twice
    CHECK(!pl::of_one_state(with({0, 0, Mode::kOff, 0.0}), 4, 3));  // out of order
    CHECK(!pl::of_one_state(with({0, -1, Mode::kOff, 0.0}), 4, 3));
    CHECK(!pl::of_one_state(with({0, 2, Mode::kOff, 0.1}), 4, 3));
    CHECK(!pl::of_one_state(with({0, 2, Mode::kOn, 0.0}), 4, 3));
    CHECK(!pl::of_one_state(with({0, 2, Mode::kSlide, 1.5}), 4, 3));
}

}  // namespace

int main() {
    the_end_state_is_written_once();
    the_end_state_finds_its_memory();
    kinks_are_told_from_what_cannot_be_those_of_a_state();
    return 0;
}
