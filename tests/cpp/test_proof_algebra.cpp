// The linear algebra of proofs by itself: products and factorisations at sizes around each width, eigenvalue
// bounds that are below and near the truth, rows that are orthogonal exactly.
#include <cmath>
#include <vector>

#include "check.hpp"
#include "proof/eigenvalue.hpp"
#include "proof/masked_gram.hpp"
#include "proof/orthogonal_rows.hpp"
#include "proving.hpp"

namespace {

using namespace proving;

Matrix random_matrix(Index rows, Index columns) {
    Matrix a(rows, columns);
    for (Index i = 0; i < rows; ++i)
        for (Index k = 0; k < columns; ++k) a(i, k) = normal();
    return a;
}

long double product(const Matrix& a, Index i, const Matrix& b, Index k) {
    long double sum = 0;
    for (Index l = 0; l < a.columns(); ++l) sum += static_cast<long double>(a(i, l)) * b(k, l);
    return sum;
}

void check_products() {
    for (Index rows : {1, 3, 4, 5, 63, 64, 65, 131})
        for (Index columns : {1, 7, 8, 9, 17, 64, 129, 700}) {
            const Matrix a = random_matrix(rows, columns);
            Matrix c = random_matrix(rows, rows);
            const Matrix before = c.copy();
            add_gram(-1, a, c, kTwo);
            for (Index i = 0; i < rows; ++i)
                for (Index k = 0; k <= i; ++k)
                    CHECK(std::abs(static_cast<double>(before(i, k) - product(a, i, a, k)) - c(i, k)) <
                          1e-13 * static_cast<double>(columns + 1));
        }
}

// Against one Gram matrix for each neuron.
void check_masked_gram() {
    for (Index n : {1, 7, 64, 70, 150}) {
        const Index p = 5;
        const Matrix X = random_matrix(n, 9), taken = random_matrix(n, 3);
        Matrix weights = random_matrix(n, p), K(n, n);
        for (Index i = 0; i < n; ++i) weights(i, i % p) = 0;
        masked_gram(X, weights, taken, K, kTwo);
        for (Index i = 0; i < n; ++i)
            for (Index k = 0; k <= i; ++k) {
                long double sum = -product(taken, i, taken, k);
                for (Index j = 0; j < p; ++j)
                    sum += static_cast<long double>(weights(i, j)) * weights(k, j) * product(X, i, X, k);
                CHECK(std::abs(static_cast<double>(sum) - K(i, k)) < 1e-12);
            }
    }
}

void check_cholesky() {
    for (Index n : {1, 2, 7, 63, 64, 65, 127, 200, 600}) {
        const Matrix a = random_matrix(n, n + 3);
        Matrix K(n, n);
        add_gram(1, a, K, kTwo);
        Matrix L = K.copy();
        CHECK(cholesky(L, kTwo));
        for (Index i = 0; i < n; ++i)
            for (Index k = i + 1; k < n; ++k) L(i, k) = 0;
        for (Index i = 0; i < n; ++i)
            for (Index k = 0; k <= i; ++k)
                CHECK(std::abs(static_cast<double>(product(L, i, L, k)) - K(i, k)) <
                      1e-12 * static_cast<double>(n + 3));
        std::vector<double> x(static_cast<std::size_t>(n)), b = x;
        for (double& value : x) value = normal();
        for (Index i = 0; i < n; ++i)
            for (Index k = 0; k < n; ++k)
                b[static_cast<std::size_t>(i)] +=
                    K(std::max(i, k), std::min(i, k)) * x[static_cast<std::size_t>(k)];
        solve(L, b.data());
        for (Index i = 0; i < n; ++i)
            CHECK(std::abs(b[static_cast<std::size_t>(i)] - x[static_cast<std::size_t>(i)]) < 1e-6);
        Matrix rows = random_matrix(5, n);
        const Matrix given = rows.copy();
        solve_rows(L, rows, {0, 5});
        for (Index i = 0; i < 5; ++i)
            for (Index k = 0; k < n; ++k)
                CHECK(std::abs(static_cast<double>(product(rows, i, L, k)) - given(i, k)) < 1e-10);
        K(n / 2, n / 2) = -1e-3;
        CHECK(!cholesky(K, kTwo));
    }
}

// Q diag(values) Q^T with Q a product of reflections: eigenvalues known to rounding.
Matrix with_eigenvalues(const std::vector<double>& values) {
    const Index n = static_cast<Index>(values.size());
    Matrix K(n, n);
    for (Index i = 0; i < n; ++i) K(i, i) = values[static_cast<std::size_t>(i)];
    for (int reflection = 0; reflection < 3; ++reflection) {
        std::vector<double> v(values.size()), Kv(values.size(), 0.0);
        double square = 0, vKv = 0;
        for (double& value : v) value = normal(), square += value * value;
        for (Index i = 0; i < n; ++i)
            for (Index k = 0; k < n; ++k)
                Kv[static_cast<std::size_t>(i)] += K(i, k) * v[static_cast<std::size_t>(k)];
        for (std::size_t i = 0; i < v.size(); ++i) vKv += v[i] * Kv[i];
        const double f = 2 / square;
        for (Index i = 0; i < n; ++i)
            for (Index k = 0; k < n; ++k) {
                const auto u = static_cast<std::size_t>(i), w = static_cast<std::size_t>(k);
                K(i, k) += -f * v[u] * Kv[w] - f * Kv[u] * v[w] + f * f * vKv * v[u] * v[w];
            }
    }
    return K;
}

void check_eigenvalues() {
    for (Index n : {1, 2, 9, 65, 130})
        for (double least : {1.0, 1e-3, 1e-9}) {
            std::vector<double> values(static_cast<std::size_t>(n));
            for (Index i = 0; i < n; ++i)
                values[static_cast<std::size_t>(i)] = least + static_cast<double>(i);
            const Matrix K = with_eigenvalues(values);
            pl::LeastEigenvalue of_K(K, 0, kTwo);
            const double found = of_K.bound();
            CHECK(found <= least * (1 + 1e-12) + 1e-12 * static_cast<double>(n));
            if (least > 1e-6) CHECK(found > 0.9 * least && of_K.estimate() == found);
            CHECK(pl::LeastEigenvalue(K, 2 * least, kTwo).bound() < 0);
        }
    for (double least : {-1e-6, 0.0}) {
        const Matrix K = with_eigenvalues({1.0, least, 2.0});
        CHECK(pl::LeastEigenvalue(K, 0, kTwo).bound() <= 0);
    }
}

// Hadamard's rows, each of its own size, and what is next to them.
void check_orthogonal_rows() {
    constexpr Index n = 8;
    Problem q = random_problem(n, n, 2);
    for (Index i = 0; i < n; ++i)
        for (Index k = 0; k < n; ++k) {
            Index common = i & k, sign = 1;
            for (; common != 0; common &= common - 1) sign = -sign;
            q.X[Problem::u(i * n + k)] = static_cast<double>(sign) * (0.1 + 0.7 * static_cast<double>(i));
        }
    const auto told = [&] { return orthogonal_rows(q.view(), kTwo); };
    CHECK(told());
    const std::vector<double> exact = q.X;
    for (const Index entry : {Index{0}, Index{9}, n * n - 1}) {
        q.X = exact;
        q.X[Problem::u(entry)] = std::nextafter(q.X[Problem::u(entry)], 10.0);  // no product is 0 any more
        CHECK(!told());
    }
    q.X = exact;
    for (Index k = 0; k < n; ++k)
        q.X[Problem::u(5 * n + k)] = q.X[Problem::u(6 * n + k)];  // the first row sees no harm
    CHECK(!told());
    q = random_problem(3, 2, 1);
    CHECK(!told());
    q.X = {1, 0, 0, 2, 0, 0};
    CHECK(!told());
    q = random_problem(2, 3, 1);
    CHECK(!told());
    q.X = {3, 4, 0, -4, 3, 0};
    CHECK(told());
    q.X = {3, 5, 0, -5, 3, 0};
    CHECK(!told());  // it is, but 3/5 has no few bits
    q.X = {1 + 0x1p-52, 0.75 + 0x1p-53, 0, -0.75, 1, 0};
    CHECK(!told());  // the first quotient is 3/4, rounded
    q.X = {1, 0x1p-60, 1, 1, 1, -1};
    CHECK(!told());  // as computed the product is 0
}

}  // namespace

int main() {
    check_products();
    check_masked_gram();
    check_cholesky();
    check_eigenvalues();
    check_orthogonal_rows();
    return 0;
}
