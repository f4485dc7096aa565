// The capture method's step on orthogonal inputs, written out: one pair after another, all values kept.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernel/index.hpp"
#include "problem/problem.hpp"

namespace orthogonal_reference {

using pl::at;
using Vector = std::vector<double>;

struct Reference {
    const pl::Problem<double>& q;
    Vector W, a, invariant, rate, bend, r, travelled;
    double h_before = 0;
    double travel_sq = 0;

    explicit Reference(const pl::Problem<double>& problem)
        : q(problem),
          W(q.W, q.W + at(q.p) * at(q.n)),
          a(q.a, q.a + q.p),
          invariant(at(q.p)),
          rate(at(q.p)),
          bend(at(q.p)) {
        r = residuals();
        for (int j = 0; j < q.p; ++j) {
            invariant[at(j)] = a[at(j)] * a[at(j)] - live_square(j);
            for (int i = 0; i < q.n; ++i)
                rate[at(j)] += r[at(i)] * q.norms[i] * std::max(w(j, i), 0.0) / static_cast<double>(q.n);
        }
    }
    double& w(int j, int i) { return W[at(j) * at(q.n) + at(i)]; }

    double square(int j) {
        double sum = 0;
        for (int i = 0; i < q.n; ++i) sum += w(j, i) * w(j, i);
        return sum;
    }

    double live_square(int j) {
        double sum = 0;
        for (int i = 0; i < q.n; ++i) sum += w(j, i) > 0 ? w(j, i) * w(j, i) : 0;
        return sum;
    }

    Vector residuals() {
        Vector out;
        for (int i = 0; i < q.n; ++i) {
            double h = 0;
            for (int j = 0; j < q.p; ++j) h += a[at(j)] * q.norms[i] * std::max(w(j, i), 0.0);
            out.push_back(q.y[i] - h / static_cast<double>(q.p));
        }
        return out;
    }

    void move(const double* impulse, double h) {
        travel_sq = 0;
        for (int j = 0; j < q.p; ++j) {
            const double before = a[at(j)], lever = h * h_before / 4 + h * h / 6;
            const double abar = before + 0.5 * h * rate[at(j)] + lever * bend[at(j)];
            double work = 0;
            for (int i = 0; i < q.n; ++i) {
                const double from = w(j, i), push = q.norms[i] * impulse[i] / static_cast<double>(q.n);
                if (from <= 0) continue;
                const double to = from + abar * push, share = to <= 0 ? from / (from - to) : 1;
                w(j, i) = std::max(to, 0.0);
                work += 0.5 * (from + w(j, i)) * push * share;
                travel_sq += (w(j, i) - from) * (w(j, i) - from);
            }
            if (invariant[at(j)] < 0)
                a[at(j)] += work;
            else
                a[at(j)] = std::copysign(std::sqrt(invariant[at(j)] + live_square(j)), before);
            const double now = (a[at(j)] - before) / h;
            bend[at(j)] = 2 * (now - rate[at(j)]) / (h + h_before);
            rate[at(j)] = now;
            travel_sq += (a[at(j)] - before) * (a[at(j)] - before);
        }
        h_before = h;
        r = residuals();
    }

    double velocity_sq() {
        double sum = 0;
        for (int j = 0; j < q.p; ++j) {
            double da = 0;
            for (int i = 0; i < q.n; ++i) {
                if (w(j, i) <= 0) continue;
                const double push = q.norms[i] * r[at(i)] / static_cast<double>(q.n);
                da += push * w(j, i);
                sum += a[at(j)] * push * a[at(j)] * push;
            }
            sum += da * da;
        }
        return sum;
    }

    std::int64_t n_active() {
        return std::count_if(W.begin(), W.end(), [](double value) { return value > 0; });
    }

    double dead_label_sq() {
        double sum = 0;
        for (int i = 0; i < q.n; ++i) {
            bool reached = false;
            for (int j = 0; j < q.p; ++j) {
                const bool helps = a[at(j)] * a[at(j)] < live_square(j) || a[at(j)] * q.y[i] > 0;
                reached = reached || (w(j, i) > 0 && helps);
            }
            if (!reached) sum += q.y[i] * q.y[i];
        }
        return sum;
    }
};

}  // namespace orthogonal_reference
