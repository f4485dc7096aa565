#include "flow/cell_series.hpp"

#include <algorithm>
#include <cmath>

#include "kernel/index.hpp"
#include "kernel/inner.hpp"

namespace pl {
namespace {

// C = A B^T or A B, all (n, n).
void multiply(const std::vector<double>& A, const std::vector<double>& B, Index n, bool transposed,
              std::vector<double>& C) {
    for (Index i = 0; i < n; ++i) {
        for (Index k = 0; k < n; ++k) {
            double sum = 0.0;
            for (Index l = 0; l < n; ++l)
                sum += A[at(i * n + l)] * (transposed ? B[at(k * n + l)] : B[at(l * n + k)]);
            C[at(i * n + k)] = sum;
        }
    }
}

// A propagator keeps a_j^2 - norm(w_j)^2 of every neuron: P^T J P = J = diag(-1, .., -1, 1), so that
// G = J P^T J P is 1 but for what the series leaves out. Two steps of P <- P (3 - G)/2 put it back.
void keep_invariants(std::vector<double>& P, Index n, std::vector<double>& turned, std::vector<double>& G) {
    for (int step = 0; step < 2; ++step) {
        const auto sign = [n](Index l) { return l + 1 == n ? 1.0 : -1.0; };
        for (Index i = 0; i < n; ++i)
            for (Index l = 0; l < n; ++l) turned[at(i * n + l)] = sign(i) * sign(l) * P[at(l * n + i)];
        multiply(turned, P, n, false, G);
        for (Index i = 0; i < n; ++i)
            for (Index l = 0; l < n; ++l) G[at(i * n + l)] = 0.5 * ((i == l ? 3.0 : 0.0) - G[at(i * n + l)]);
        multiply(P, G, n, false, turned);
        P.swap(turned);
    }
}

}  // namespace

CellSeries::CellSeries(const Inputs& inputs, Cells& cells, int max_order)
    : in_(inputs),
      cells_(cells),
      d_(inputs.d),
      width_(inputs.d + 1),
      points_(inputs.n),
      orders_(at(max_order) + 1),
      r_(orders_, std::vector<double>(at(inputs.n))),
      h_(at(inputs.n)),
      trial_r_(at(inputs.n)) {
    for (int i = 0; i < inputs.n && inputs.dense(); ++i)
        X_.insert(X_.end(), inputs.row(i), inputs.row(i) + inputs.d);
}

void CellSeries::grow() {
    const std::size_t square = at(width_ * width_);
    while (series_.size() < at(cells_.size())) {
        Series s;
        s.P.assign(orders_, std::vector<double>(square, 0.0));
        for (Index l = 0; l < width_; ++l) s.P[0][at(l * width_ + l)] = 1.0;
        s.B.assign(orders_, std::vector<double>(at(width_)));
        s.D.assign(orders_, std::vector<double>(at(d_)));
        s.speed.resize(orders_);
        s.mu.resize(orders_);
        s.trial.resize(square);
        s.step.resize(square);
        series_.push_back(std::move(s));
    }
}

void CellSeries::output(const Cell& cell, const double* q) {
    for (int i : cell.on) {
        double sum = 0.0;
        const double* x = X_.data() + i * d_;
        for (Index l = 0; l < d_; ++l) sum += q[l] * x[l];
        h_[at(i)] += sum;
    }
}

void CellSeries::residual(bool labels, std::vector<double>& r) const {
    const double scale = 1.0 / in_.p;
    for (Index i = 0; i < points_; ++i) r[at(i)] = (labels ? in_.y[i] : 0.0) - scale * h_[at(i)];
}

// D_k, then P_{k+1} = (1/(k+1)) sum_m A_{k-m} P_m.
void CellSeries::push(int c, int k) {
    const Cell& cell = cells_[c];
    Series& s = series_[at(c)];
    std::vector<double>& D = s.D[at(k)];
    std::fill(D.begin(), D.end(), 0.0);
    for (int i : cell.on) {
        const double* x = X_.data() + i * d_;
        for (Index l = 0; l < d_; ++l) D[at(l)] += r_[at(k)][at(i)] * x[l];
    }
    if (cell.slide.size() > 0) {
        std::vector<double> coeff(at(cell.slide.size()));
        s.mu[at(k)].resize(coeff.size());
        cell.slide.project(D.data(), coeff.data());
        cell.slide.multipliers(coeff.data(), s.mu[at(k)].data());
    }
    for (double& value : D) value /= in_.n;
    s.speed[at(k)] = norm_of(D.data(), d_);
    std::vector<double>& next = s.P[at(k) + 1];
    std::fill(next.begin(), next.end(), 0.0);
    for (int m = 0; m <= k; ++m) {
        const double* P = s.P[at(m)].data();
        const double* with = s.D[at(k - m)].data();
        for (Index l = 0; l < d_; ++l) {
            for (Index e = 0; e < width_; ++e) {
                next[at(l * width_ + e)] += with[l] * P[d_ * width_ + e];
                next[at(d_ * width_ + e)] += with[l] * P[l * width_ + e];
            }
        }
    }
    for (double& value : next) value = value * in_.unit() / (k + 1);
}

void CellSeries::evaluate() {
    grow();
    std::fill(h_.begin(), h_.end(), 0.0);
    std::vector<double> q(at(d_));
    for (int c = 0; c < cells_.size(); ++c) {
        if (cells_[c].empty()) continue;
        for (Index l = 0; l < d_; ++l) q[at(l)] = cells_[c].moment[at(l * width_ + d_)];
        output(cells_[c], q.data());
    }
    residual(true, r_[0]);
}

void CellSeries::first() {
    grow();
    for (int c = 0; c < cells_.size(); ++c) {
        if (cells_[c].empty()) continue;
        for (Index l = 0; l < width_; ++l) series_[at(c)].B[0][at(l)] = cells_[c].moment[at(l * width_ + d_)];
        push(c, 0);
    }
    order_ = 1;
    ++evaluations_;
}

void CellSeries::extend() {
    const int k = order_;
    std::fill(h_.begin(), h_.end(), 0.0);
    std::vector<double> q(at(d_));
    for (int c = 0; c < cells_.size(); ++c) {
        if (cells_[c].empty()) continue;
        Series& s = series_[at(c)];
        for (Index l = 0; l < width_; ++l) {
            double sum = 0.0;
            for (Index e = 0; e < width_; ++e)
                sum += cells_[c].moment[at(l * width_ + e)] * s.P[at(k)][at(d_ * width_ + e)];
            s.B[at(k)][at(l)] = sum;
        }
        std::fill(q.begin(), q.end(), 0.0);
        for (int m = 0; m <= k; ++m) {
            const double* P = s.P[at(k - m)].data();
            for (Index l = 0; l < d_; ++l)
                for (Index e = 0; e < width_; ++e) q[at(l)] += P[l * width_ + e] * s.B[at(m)][at(e)];
        }
        output(cells_[c], q.data());
    }
    residual(false, r_[at(k)]);
    for (int c = 0; c < cells_.size(); ++c)
        if (!cells_[c].empty()) push(c, k);
    order_ = k + 1;
    ++evaluations_;
}

// Of a cell without members all that it lacks are propagators.
void CellSeries::join(int c) {
    grow();
    for (auto& B : series_[at(c)].B) std::fill(B.begin(), B.end(), 0.0);
    for (int k = 0; k < order_; ++k) push(c, k);
}

double CellSeries::trusted(double rtol) const {
    Squares worst{}, total{};
    std::vector<double> scratch(at(width_ * width_));
    for (int c = 0; c < cells_.size(); ++c) {
        if (cells_[c].empty()) continue;
        for (int k = 1; k <= order_; ++k) {
            const std::vector<double>& P = series_[at(c)].P[at(k)];
            multiply(P, cells_[c].moment, width_, false, scratch);
            double square = 0.0, sum = 0.0;
            for (std::size_t l = 0; l < P.size(); ++l) {
                square += P[l] * P[l];
                sum += scratch[l] * P[l];  // trace of P M P^T
            }
            worst[at(k)] = std::max(worst[at(k)], square / (rtol * rtol));
            total[at(k)] += std::max(sum, 0.0);
        }
    }
    return in_.unit() * trusted_step(worst, total, order_);
}

void CellSeries::step(int c, double h, Square& P, Square& u, Square& v) const {
    const Series& s = series_[at(c)];
    P = s.P[at(order_)];
    h /= in_.unit();
    for (int k = order_ - 1; k >= 0; --k)
        for (std::size_t l = 0; l < P.size(); ++l) P[l] = P[l] * h + s.P[at(k)][l];
    keep_invariants(P, width_, u, v);
}

void CellSeries::propagator(int c, double h, std::vector<double>& phi) const {
    Scratch scratch;
    propagator(c, h, phi, scratch);
}

void CellSeries::propagator(int c, double h, std::vector<double>& phi, Scratch& scratch) const {
    for (Square* square : {&scratch.u, &scratch.v, &phi}) square->resize(at(width_ * width_));
    step(c, h, scratch.P, scratch.u, scratch.v);
    multiply(scratch.P, cells_[c].phi, width_, false, phi);
}

double CellSeries::attempt(double h) {
    step_ = h;
    std::fill(h_.begin(), h_.end(), 0.0);
    std::vector<double> q(at(d_)), scratch(at(width_ * width_));
    for (int c = 0; c < cells_.size(); ++c) {
        if (cells_[c].empty()) continue;
        Series& s = series_[at(c)];
        step(c, h, s.step, s.trial, scratch);
        multiply(s.step, cells_[c].moment, width_, false, scratch);
        multiply(scratch, s.step, width_, true, s.trial);
        for (Index l = 0; l < d_; ++l) q[at(l)] = s.trial[at(l * width_ + d_)];
        output(cells_[c], q.data());
    }
    residual(true, trial_r_);
    return trial_sq();
}

void CellSeries::begin_change() {
    std::fill(h_.begin(), h_.end(), 0.0);
}

void CellSeries::change(int c, const double* q) {
    output(cells_[c], q);
}

double CellSeries::end_change() {
    for (Index i = 0; i < points_; ++i) {
        h_[at(i)] /= in_.p;
        trial_r_[at(i)] -= h_[at(i)];
    }
    return norm_of(h_.data(), points_);
}

void CellSeries::accept() {
    std::vector<double> phi(at(width_ * width_));
    for (int c = 0; c < cells_.size(); ++c) {
        if (cells_[c].empty()) continue;
        Cell& cell = cells_[c];
        cell.clock += turning(c, step_);
        cell.moment.swap(series_[at(c)].trial);
        multiply(series_[at(c)].step, cell.phi, width_, false, phi);
        cell.phi.swap(phi);
    }
    r_[0].swap(trial_r_);
    order_ = 0;
}

}  // namespace pl
