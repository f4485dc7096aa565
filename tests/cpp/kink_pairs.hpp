// One neuron's pairs at their kinks, drawn at random, as the kernel takes them.
#pragma once

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "kernel/dispatch.hpp"
#include "problem/buffer.hpp"
#include "problem/packed.hpp"

using pl::Index;
using Vector = std::vector<double>;

inline std::size_t at(Index k) {
    return static_cast<std::size_t>(k);
}

// Pairs of one neuron: held, on and off in turn.
struct Pairs {
    Index count, d, ld, width;
    Vector push, z, v, share, side;
    pl::Buffer<double> rows;
    pl::Buffer<float> x, gram, arrays;
    std::vector<const float*> x_at;
    std::vector<int> order;
    float* early = nullptr;  // of args(), 0 until it is set

    Pairs(Index count_, Index d_, unsigned seed, bool attracting)
        : count(count_),
          d(d_),
          ld(pl::round_up(count_, 16)),
          width(pl::round_up(d_, 16)),
          rows(count_ * width),
          x(count_ * width),
          gram(count_ * ld),
          arrays(11 * ld),
          order(at(count_)) {
        std::mt19937 engine(seed);
        std::normal_distribution<double> draw;
        for (Index l = 0; l < count; ++l) {
            for (Index k = 0; k < d; ++k)
                rows.data()[l * width + k] = draw(engine) / std::sqrt(static_cast<double>(d));
            for (Index k = 0; k < width; ++k)
                x.data()[l * width + k] = static_cast<float>(rows.data()[l * width + k]);
            x_at.push_back(x.data() + l * width);
            push.push_back(draw(engine));
            if (attracting || l % 3 == 0) push.back() = -std::abs(push.back()) - 0.1;
            side.push_back(l % 3 == 0 ? 0.0 : l % 3 == 1 ? 1.0 : -1.0);
            z.push_back(0.4 * side.back() * std::abs(draw(engine)));
            v.push_back(draw(engine));
            share.push_back(0.5 * (1.0 + side.back()));
        }
    }
    double dot(Index l, Index k) const {
        double sum = 0;
        for (Index c = 0; c < d; ++c) sum += rows.data()[l * width + c] * rows.data()[k * width + c];
        return sum;
    }
    pl::KinkArgs args() {
        pl::KinkArgs s{};
        std::fill_n(arrays.data(), arrays.size(), 0.0F);
        s.count = s.known = static_cast<int>(count);
        s.ld = ld;
        s.width = width;
        s.x = x_at.data();
        s.gram = gram.data();
        s.order = order.data();
        float* next = arrays.data();
        for (float** array : {&s.z, &s.v, &s.share, &s.side, &s.mean, &s.due, &s.per_drop, &s.start}) {
            *array = next;
            next += ld;
        }
        for (Index l = 0; l < count; ++l) {
            next[l] = static_cast<float>(push[at(l)]);
            s.z[l] = static_cast<float>(z[at(l)]);
            s.v[l] = static_cast<float>(v[at(l)]);
            s.share[l] = static_cast<float>(share[at(l)]);
            s.side[l] = static_cast<float>(side[at(l)]);
        }
        s.push = next;
        s.changed = next + ld;
        s.early = early = next + 2 * ld;
        return s;
    }
};
