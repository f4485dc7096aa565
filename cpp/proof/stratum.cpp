#include "proof/stratum.hpp"

#include <algorithm>
#include <limits>
#include <map>

#include "kernel/inner.hpp"
#include "proof/eigenvalue.hpp"
#include "proof/elimination.hpp"

namespace pl {
namespace {

// Takes the directions of `basis` out of v, twice, and normalises it; its norm before that.
double orthonormalise(double* v, const std::vector<std::vector<double>>& basis, Index d) {
    for (int pass = 0; pass < 2; ++pass)
        for (const std::vector<double>& q : basis) {
            const double part = inner(v, q.data(), d);
            for (Index k = 0; k < d; ++k) v[k] -= part * q[at(k)];
        }
    const double norm = norm_of(v, d);
    for (Index k = 0; k < d && norm > 0; ++k) v[k] /= norm;
    return norm;
}

// Rows: an orthonormal basis of the complement of the inputs `points`, nearly.
Matrix complement(const Enclosure& state, const std::vector<Index>& points) {
    const Index d = state.d, t = static_cast<Index>(points.size());
    std::vector<std::vector<double>> basis;
    for (Index i : points) {
        std::vector<double> q(state.x(i), state.x(i) + d);
        orthonormalise(q.data(), basis, d);
        basis.push_back(std::move(q));
    }
    Matrix rows(d - t, d);
    for (Index found = 0; found < d - t; ++found) {
        Index best = 0;
        double most = -1;
        for (Index k = 0; k < d; ++k) {  // the unit vector of which most is left
            double left = 1;
            for (const std::vector<double>& q : basis) left -= q[at(k)] * q[at(k)];
            if (left > most) most = left, best = k;
        }
        std::vector<double> q(at(d), 0.0);
        q[at(best)] = 1;
        orthonormalise(q.data(), basis, d);
        std::copy(q.begin(), q.end(), rows.row(found));
        basis.push_back(std::move(q));
    }
    return rows;
}

// Many points on: base = F X_S^T. The exact basis is Pi_T F; false where that is none.
bool wide_block(const Enclosure& state, const std::vector<Index>& slid, StratumBlock& block) {
    const Matrix F = complement(state, slid), X = state.rows_of(block.on);
    const Index c = F.rows(), t = static_cast<Index>(slid.size());
    block.base = Matrix(c, X.rows());
    add_products(1, F, {0, c}, X, {0, X.rows()}, state.d, block.base);
    double lean_sq = 0, defect_sq = 0;
    const double dd = static_cast<double>(state.d), cc = static_cast<double>(c);
    // what float64 made orthogonal is so to 1e-16 of its size, where a single sum knows 1e-14
    for (Index i : slid)
        for (Index k = 0; k < c; ++k) {
            const double part = std::abs(twofold_inner(state.x(i), F.row(k), state.d).value()) +
                                doubt(dd) * 2 * state.x_norm[at(i)];
            lean_sq += part * part;
        }
    for (Index k = 0; k < c; ++k)
        for (Index l = 0; l < c; ++l) {
            const double part =
                std::abs(inner(F.row(k), F.row(l), state.d) - (k == l ? 1 : 0)) + gamma(dd + 2) * 4;
            defect_sq += part * part;
        }
    double lean = 0;
    if (t > 0) {
        const GramInverse gram = invert_gram(state, slid);
        if (!gram.sound) return false;
        lean = upward(std::sqrt(lean_sq * (1 + gamma(cc * dd)) / gram.least));
    }
    block.slack = upward(std::sqrt(defect_sq * (1 + gamma(cc * cc))) + 3 * lean + lean * lean);
    const double S = std::sqrt(state.norms_sq(block.on));
    block.off = upward(S * (lean + gamma(dd + 1) * std::sqrt(2 * cc)));
    return block.slack < 0.5;
}

// Fewer points on than dimensions left: base = L^T of their projected Gram matrix.
bool narrow_block(const Enclosure& state, const std::vector<Index>& slid, StratumBlock& block) {
    const Index m = static_cast<Index>(block.on.size());
    const Matrix X = state.rows_of(block.on);
    Matrix H(m, m);
    add_products(1, X, {0, m}, X, {0, m}, state.d, H);
    double charge = 0, taken_sq = 0;
    if (!slid.empty()) {
        std::vector<bool> on(at(state.n), false);
        for (Index i : block.on) on[at(i)] = true;
        const GramInverse gram = invert_gram(state, slid);
        if (!gram.sound) return false;
        const Elimination taken = eliminate(state, on, {block.on, slid, 0.0, gram.least});
        if (!taken.sound) return false;
        add_products(-1, taken.columns, {0, m}, taken.columns, {0, m}, taken.columns.columns(), H);
        charge = taken.charge;
        taken_sq = taken.frobenius_sq;
    }
    Control alone;
    if (!cholesky(H, {1, alone})) return false;
    block.base = Matrix(m, m);
    double L_sq = 0;
    for (Index i = 0; i < m; ++i)
        for (Index k = 0; k <= i; ++k) {
            block.base(k, i) = H(i, k);
            L_sq += H(i, k) * H(i, k);
        }
    const double mm = static_cast<double>(m), dd = static_cast<double>(state.d);
    block.shift = upward(charge + gamma(dd + 2 * mm + 4) * (state.norms_sq(block.on) + taken_sq) +
                         gamma(mm + 2) * L_sq * (1 + gamma(mm * mm)));
    return true;
}

// Of C at a radius: the factors of its columns, and what is charged for them.
struct Columns {
    std::vector<double> factor;            // am_g of each column, cut downwards
    double off = 0, slack = 0, shift = 0;  // as of a block, all together
    double norm = 0;                       // Frobenius', from above
    bool all_count = false;                // false: a pattern whose neurons have abs(a_j) <= rho
};

Columns columns_at(const Enclosure& state, const Stratum& stratum, double rho) {
    Columns found;
    double off_sq = 0, norm_sq = 0;
    for (const StratumBlock& block : stratum.blocks) {
        double weight = 0;
        for (Index j : block.neurons) {
            const double outer = std::max(0.0, downward(std::abs(state.a(j)) - rho));
            weight += outer * outer;
        }
        weight = downward(weight * (1 - gamma(static_cast<double>(block.neurons.size()))));
        if (!(weight > 0)) return found;
        for (Index c = 0; c < block.columns; ++c)
            norm_sq += weight * stratum.base_sq[found.factor.size() + at(c)];
        found.factor.insert(found.factor.end(), at(block.columns), downward(std::sqrt(weight)));
        off_sq += weight * block.off * block.off;
        found.slack = std::max(found.slack, block.slack);
        found.shift += weight * block.shift;
    }
    const double count = static_cast<double>(stratum.columns);
    found.norm = upward(std::sqrt(norm_sq * (1 + gamma(count + 2))));
    found.off = upward(std::sqrt(off_sq * (1 + gamma(count))));
    found.shift = upward(found.shift * (1 + gamma(count)));
    found.all_count = true;
    return found;
}

// norm(C^T r), from above.
double along(const Enclosure& state, const Stratum& stratum, const Columns& C) {
    const double n = static_cast<double>(state.n);
    double along_sq = 0, r_off_sq = 0;
    for (Index c = 0; c < stratum.columns; ++c) {
        const double part = C.factor[at(c)] * inner(stratum.base.row(c), state.r.data(), state.n);
        along_sq += part * part;
    }
    for (double value : state.r_off) r_off_sq += value * value;
    const double wrong =
        (gamma(n + 3) * C.norm + C.off) * state.r_norm + C.norm * std::sqrt(r_off_sq * (1 + gamma(n)));
    return upward(std::sqrt(along_sq * (1 + gamma(static_cast<double>(stratum.columns) + n))) + wrong);
}

// All blocks side by side, and their Gram matrix.
void join(const Enclosure& state, Stratum& found, Workers workers) {
    found.base = Matrix(found.columns, state.n);
    Index row = 0;
    for (StratumBlock& block : found.blocks) {
        for (Index c = 0; c < block.columns; ++c, ++row) {
            double square = 0;
            for (Index k = 0; k < block.base.columns(); ++k) {
                found.base(row, block.on[at(k)]) = block.base(c, k);
                square += block.base(c, k) * block.base(c, k);
            }
            found.base_sq.push_back(upward(square * (1 + gamma(static_cast<double>(state.n)))));
        }
        block.base = Matrix();
    }
    found.gram = Matrix(found.columns, found.columns);
    add_gram(1, found.base, found.gram, workers);
}

}  // namespace

Stratum stratum_of(const Enclosure& state, const std::vector<NeuronKinks>& neurons,
                   const std::vector<std::vector<Index>>& points, Workers workers) {
    Stratum found;
    std::map<std::pair<std::vector<Index>, std::vector<Index>>, std::size_t> known;
    for (Index j = 0; j < state.p; ++j) {
        const std::vector<Index>&on = neurons[at(j)].on, &slid = points[at(j)];
        if (on.empty()) continue;
        const auto [place, fresh] = known.try_emplace({on, slid}, found.blocks.size());
        if (!fresh) {
            found.blocks[place->second].neurons.push_back(j);
            continue;
        }
        StratumBlock block;
        block.neurons = {j};
        block.on = on;
        const Index left = state.d - static_cast<Index>(slid.size());
        const bool wide = static_cast<Index>(on.size()) >= left;
        if (!(wide ? wide_block(state, slid, block) : narrow_block(state, slid, block))) {
            found.reason = "dependent inputs in one pattern";
            return found;
        }
        block.columns = block.base.rows();
        found.columns += block.columns;
        found.blocks.push_back(std::move(block));
    }
    found.sound = found.columns <= state.n;
    if (found.sound)
        join(state, found, workers);
    else
        found.reason = "dependent patterns";
    return found;
}

StratumBound bound_stratum(const Enclosure& state, const Stratum& stratum, double rho, Workers workers) {
    StratumBound found;
    if (stratum.columns == 0) {  // nothing moves
        found.smallest = std::numeric_limits<double>::infinity();
        return found;
    }
    const Columns C = columns_at(state, stratum, rho);
    if (!C.all_count || workers.control.cancelled()) return found;
    Matrix M(stratum.columns, stratum.columns);  // C^T C
    for (Index i = 0; i < M.rows(); ++i)
        for (Index k = 0; k <= i; ++k) M(i, k) = stratum.gram(i, k) * (C.factor[at(i)] * C.factor[at(k)]);
    const double formed = gamma(static_cast<double>(state.n) + 5) * C.norm * C.norm;
    LeastEigenvalue bound(M, upward(formed + 2 * C.norm * C.off + C.off * C.off), workers);
    const double least = bound.bound();
    if (!(least > 0)) return found;
    found.smallest = downward(least / (1 + C.slack) - C.shift);
    found.part_norm = std::min(state.r_norm, upward(along(state, stratum, C) / std::sqrt(least)));
    return found;
}

}  // namespace pl
