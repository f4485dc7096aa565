// The flow on cells: what threads share of a step, of the state that is shown and of sums that begin anew,
// for the thread sanitizer; and that it is the same to the bit.
#include <cmath>
#include <cstdio>
#include <random>
#include <vector>

#include "check.hpp"
#include "flow/flow.hpp"
#include "random_problem.hpp"

namespace {

using pl::Index;

// Points of a line with a bias, labels of a parabola, small weights with norm(w_j) = abs(a_j).
struct Parabola {
    std::vector<double> X, y, W, a;
    pl::Problem<double> view;

    Parabola(int n, int p) {
        std::mt19937 engine(1);
        std::uniform_real_distribution<double> place(-1.0, 1.0);
        for (int i = 0; i < n; ++i) {
            const double x = place(engine);
            X.insert(X.end(), {x, 1.0});
            y.push_back(x * x + 0.1 * place(engine));
        }
        W = normal(2 * Index{p}, 2);
        for (std::size_t j = 0; j < W.size(); j += 2) {
            for (const std::size_t l : {j, j + 1}) W[l] *= 1e-3;
            a.push_back((j % 4 == 0 ? 1.0 : -1.0) * std::hypot(W[j], W[j + 1]));
        }
        view = problem_of(X, y, W, a);
    }
};

void threads_change_no_bit(int n, int p, double t_end) {
    const Parabola problem(n, p);
    pl::FlowOptions options;
    options.t_end = t_end;
    options.atol = 0.0;
    options.saves = {{0.0, t_end / 2, t_end}, true};
    options.switches = true;
    const auto never = [] { return false; };
    const pl::FlowResult one = pl::flow(problem.view, options, never, 1);
    CHECK(one.past.count.cell_steps > 0 && one.past.count.events > 20 * one.past.count.cell_steps);
    for (const int threads : {2, 3}) {
        const pl::FlowResult other = pl::flow(problem.view, options, never, threads);
        CHECK(other.W == one.W && other.a == one.a && other.loss == one.loss);
        CHECK(other.log.size() == one.log.size());
        for (std::size_t k = 0; k < one.log.size(); ++k)
            CHECK(other.log[k].t == one.log[k].t && other.log[k].neuron == one.log[k].neuron);
    }
}

}  // namespace

int main() {
    threads_change_no_bit(20, 3000, 4.0);
    threads_change_no_bit(3, 20000, 10.0);  // many due, few events: what is looked at comes in lots
    std::printf("ok\n");
}
