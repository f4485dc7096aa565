// What two meshes tell of the error over a whole run. At one time they may differ by no more than where in
// its step each of them meets a kink: in the coarse one's long step that is much, and gone a step later. So
// told is what lasts: the largest root mean square over kSteps steps in a row, of the coarse mesh.
// (Measured: docs/numerics.md, "What a run tells".)
#pragma once

#include <algorithm>
#include <array>
#include <cmath>

#include "kernel/index.hpp"

namespace pl {

class LastingError {
  public:
    // The error told after one more step.
    void add(double error) {
        const double square = error * error;
        if (largest_ < 0.0) last_.fill(square);  // as if it had been so before
        largest_ = std::max(largest_, error);
        push(last_, square);
        most_ = std::max(most_, sum(last_));
    }
    // Over the steps so far; the last of them counts as if it went on.
    double told() const {
        if (largest_ < 0.0) return 0.0;
        std::array<double, kSteps> ahead = last_;
        double most = most_;
        for (Index k = 0; k < kSteps / 2; ++k) {
            push(ahead, last_.back());
            most = std::max(most, sum(ahead));
        }
        return std::min(largest_, kFactor * std::sqrt(most / kSteps));
    }
    double largest() const { return std::max(largest_, 0.0); }  // at any one time

  private:
    static constexpr Index kSteps = 9;
    static constexpr double kFactor = 1.1;

    static void push(std::array<double, kSteps>& squares, double square) {
        std::rotate(squares.begin(), squares.begin() + 1, squares.end());
        squares.back() = square;
    }
    static double sum(const std::array<double, kSteps>& squares) {
        double sum = 0.0;
        for (const double square : squares) sum += square;
        return sum;
    }

    std::array<double, kSteps> last_{};  // squares
    double largest_ = -1.0;              // there was no step
    double most_ = 0.0;                  // sum of kSteps squares
};

}  // namespace pl
