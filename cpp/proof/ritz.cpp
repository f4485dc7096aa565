#include "proof/ritz.hpp"

#include <cmath>
#include <cstdint>

#include "kernel/index.hpp"
#include "kernel/inner.hpp"

namespace pl {
namespace {

using Vector = std::vector<double>;

constexpr std::size_t kLargest = 10;  // basis
constexpr double kEnough = 0.01;      // of the value: a step that gains less is the last
constexpr int kSweeps = 12;

double product_of(const Vector& u, const Vector& v) {
    return inner(u.data(), v.data(), size_of(u));
}

void add_multiple(double factor, const Vector& from, Vector& to) {
    for (std::size_t i = 0; i < to.size(); ++i) to[i] += factor * from[i];
}

// The part of v outside the basis, of norm 1; false if there is none.
bool orthonormalise(const std::vector<Vector>& basis, Vector& v) {
    const double before = norm_of(v.data(), size_of(v));
    for (int pass = 0; pass < 2; ++pass)
        for (const Vector& q : basis) add_multiple(-product_of(q, v), q, v);
    const double norm = norm_of(v.data(), size_of(v));
    if (!(norm > 1e-10 * before)) return false;
    for (double& value : v) value /= norm;
    return true;
}

// One rotation of Jacobi's method, which puts T_pq to 0; the columns of C are turned with it.
void rotate(std::vector<Vector>& T, std::vector<Vector>& C, std::size_t p, std::size_t q) {
    if (T[p][q] == 0) return;
    const double theta = (T[q][q] - T[p][p]) / (2 * T[p][q]);
    const double t = (theta >= 0 ? 1 : -1) / (std::abs(theta) + std::sqrt(theta * theta + 1));
    const double c = 1 / std::sqrt(t * t + 1), s = t * c;
    const auto turn = [c, s](double& x, double& y) {
        const double old = x;
        x = c * x - s * y;
        y = s * old + c * y;
    };
    for (std::size_t k = 0; k < T.size(); ++k) turn(T[k][p], T[k][q]);
    for (std::size_t k = 0; k < T.size(); ++k) turn(T[p][k], T[q][k]);
    for (Vector& row : C) turn(row[p], row[q]);
}

// Of a small symmetric matrix, and its eigenvector.
double least_eigenpair(std::vector<Vector> T, Vector& vector) {
    const std::size_t m = T.size();
    std::vector<Vector> C(m, Vector(m, 0.0));
    for (std::size_t k = 0; k < m; ++k) C[k][k] = 1;
    for (int sweep = 0; sweep < kSweeps; ++sweep)
        for (std::size_t p = 0; p < m; ++p)
            for (std::size_t q = p + 1; q < m; ++q) rotate(T, C, p, q);
    std::size_t least = 0;
    for (std::size_t k = 1; k < m; ++k)
        if (T[k][k] < T[least][least]) least = k;
    vector.resize(m);
    for (std::size_t k = 0; k < m; ++k) vector[k] = C[k][least];
    return T[least][least];
}

Vector combined(const std::vector<Vector>& vectors, const Vector& factors) {
    Vector sum(vectors[0].size(), 0.0);
    for (std::size_t k = 0; k < vectors.size(); ++k) add_multiple(factors[k], vectors[k], sum);
    return sum;
}

}  // namespace

double least_ritz_value(const Matrix& factor, const Product& product, Vector& vector) {
    std::vector<Vector> basis, images, T;
    Vector next = vector, share;
    double value = 0;
    while (orthonormalise(basis, next)) {
        basis.push_back(next);
        images.push_back(product(next));
        for (std::size_t k = 0; k < T.size(); ++k) T[k].push_back(product_of(basis[k], images.back()));
        T.emplace_back();
        for (const Vector& q : basis) T.back().push_back(product_of(q, images.back()));
        const double last = value;
        value = least_eigenpair(T, share);
        vector = combined(basis, share);
        const bool enough = basis.size() > 1 && last - value < kEnough * last;
        if (!(value > 0) || enough || basis.size() == kLargest) break;
        next = combined(images, share);
        add_multiple(-value, vector, next);
        solve(factor, next.data());
    }
    return value;
}

Vector first_ritz_vector(const Matrix& factor) {
    Vector vector(static_cast<std::size_t>(factor.rows()));
    std::uint64_t state = 0x9e3779b97f4a7c15u;
    for (double& value : vector) {  // any vector that is not orthogonal to what is sought
        state = state * 6364136223846793005u + 1442695040888963407u;
        value = static_cast<double>(state >> 11) * 0x1p-53 - 0.5;
    }
    for (int pass = 0; pass < 2; ++pass) {
        solve(factor, vector.data());
        orthonormalise({}, vector);
    }
    return vector;
}

}  // namespace pl
