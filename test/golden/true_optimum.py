"""The maximum of Prophet's posterior, found with care instead of speed.

    lp = -k^2/50 - m^2/50 - sum |delta| / tau - 2 sigma^2 - sum beta^2 / (2 s^2) - T ln sigma - R / (2 sigma^2)
    R  = sum of (y - trend (1 + X beta_m) - X beta_a)^2

trend = line(k, m, delta) for linear growth, m for flat growth, and C / (1 + exp(-line(k, -k m, delta))) for logistic
growth: Stan's offsets gamma make its exponent continuous at the changepoints, which is what a line with hinges is.

Active set: the deltas that are not zero, with their signs, are free; Newton's method with the exact Hessian and a line
search finds the maximum over the free parameters (ln sigma instead of sigma); a delta that reaches zero leaves the set,
the one at zero whose condition is violated most enters it; at the end no condition is violated. Nothing is shared with
the program under test.
"""
import numpy as np


def pack(params):
    return np.concatenate([[params["k"], params["m"]], params["delta"], params["beta"], [params["sigma_obs"]]])


def unpack(theta, problem):
    s = problem.S
    return {"k": float(theta[0]), "m": float(theta[1]), "delta": [float(v) for v in theta[2:2 + s]],
            "beta": [float(v) for v in theta[2 + s:-1]], "sigma_obs": float(theta[-1])}


class Problem:
    def __init__(self, data, x):
        t, changes = np.asarray(data["t"], float), np.asarray(data["t_change"], float)
        self.y, self.tau, self.growth = np.asarray(data["y"], float), data["tau"], data["trend_indicator"]
        self.T, self.S, self.K = len(t), len(changes), x.shape[1]
        self.line = np.column_stack([t, np.ones_like(t), np.maximum(0, t[:, None] - changes)])  # k, m, delta
        if self.growth == 2:
            self.line[:, 0] = self.line[:, 2:] = 0
        self.cap = np.asarray(data["cap"], float)
        self.xa, self.xm = x * np.asarray(data["s_a"]), x * np.asarray(data["s_m"])
        self.prior = np.concatenate([[1 / 25, 1 / 25], np.zeros(self.S), 1 / np.asarray(data["sigmas"], float) ** 2])

    def trend(self, theta):
        """Its values, their derivatives in (k, m, delta), and what they are bent by: for weights w on the rows the
        sum of w times the second derivatives."""
        n = 2 + self.S
        if self.growth != 1:
            return self.line @ theta[:n], self.line, lambda w: np.zeros((n, n))
        k, m = theta[:2]
        slopes = self.line.copy()
        slopes[:, 0], slopes[:, 1] = self.line[:, 0] - m, -k
        exponent = k * slopes[:, 0] + self.line[:, 2:] @ theta[2:n]
        share = np.exp(-np.logaddexp(0, -exponent))
        first = self.cap * share * np.exp(-np.logaddexp(0, exponent))
        second = first * (1 - 2 * share)

        def bend(w):
            out = slopes.T @ ((w * second)[:, None] * slopes)
            out[0, 1] -= w @ first
            out[1, 0] -= w @ first
            return out
        return self.cap * share, first[:, None] * slopes, bend

    def residual(self, theta):
        beta = theta[2 + self.S:-1]
        return self.y - self.trend(theta)[0] * (1 + self.xm @ beta) - self.xa @ beta

    def smooth(self, theta):
        """Minus lp without the |delta|."""
        r, sigma = self.residual(theta), theta[-1]
        return (0.5 * self.prior @ theta[:-1] ** 2 + 2 * sigma ** 2 + self.T * np.log(sigma)
                + r @ r / (2 * sigma ** 2))

    def log_posterior(self, theta):
        return float(-self.smooth(theta) - np.abs(theta[2:2 + self.S]).sum() / self.tau)

    def derivatives(self, theta):
        """Gradient and Hessian of smooth() in (k, m, delta, beta, ln sigma)."""
        n = 2 + self.S
        (trend, slopes, bend), beta, sigma = self.trend(theta), theta[n:-1], theta[-1]
        share, r = 1 + self.xm @ beta, self.residual(theta)
        jacobian = np.column_stack([share[:, None] * slopes, trend[:, None] * self.xm + self.xa])
        v = sigma ** 2
        gradient = np.append(self.prior * theta[:-1] - jacobian.T @ r / v, 4 * v + self.T - r @ r / v)
        hessian = np.zeros((len(theta), len(theta)))
        hessian[:-1, :-1] = jacobian.T @ jacobian / v + np.diag(self.prior)
        hessian[:n, :n] -= bend(r * share) / v
        cross = slopes.T @ (r[:, None] * self.xm) / v
        hessian[:n, n:-1] -= cross
        hessian[n:-1, :n] -= cross.T
        hessian[:-1, -1] = hessian[-1, :-1] = 2 * jacobian.T @ r / v
        hessian[-1, -1] = 8 * v + 2 * (r @ r) / v
        return gradient, hessian

    def kkt(self, theta):
        """The largest violation of the conditions of a maximum, sigma on its own scale."""
        gradient, _ = self.derivatives(theta)
        gradient[-1] /= theta[-1]
        delta, out = theta[2:2 + self.S], np.abs(gradient)
        at_zero = np.maximum(0, out[2:2 + self.S] - 1 / self.tau)
        out[2:2 + self.S] = np.where(delta == 0, at_zero, np.abs(gradient[2:2 + self.S] + np.sign(delta) / self.tau))
        return float(out.max())

    def _newton(self, theta, signs):
        """Maximises over the free parameters; returns theta, with deltas that reached zero taken out of `signs`."""
        penalty = np.zeros(len(theta))
        for _ in range(200):
            penalty[2:2 + self.S] = signs / self.tau
            free = np.ones(len(theta), bool)
            free[2:2 + self.S] = signs != 0
            gradient, hessian = self.derivatives(theta)
            gradient = (gradient + penalty)[free]
            hessian = hessian[np.ix_(free, free)]
            lowest = np.linalg.eigvalsh(hessian)[0]
            if lowest <= 0:
                hessian = hessian + (1e-8 * np.trace(hessian) - lowest) * np.eye(len(hessian))
            direction = np.zeros(len(theta))
            direction[free] = -np.linalg.solve(hessian, gradient)
            slope = gradient @ direction[free]
            # Not past the first delta that changes its sign.
            step, leaving = 1.0, None
            for j in np.flatnonzero(signs):
                if (theta[2 + j] + step * direction[2 + j]) * signs[j] < 0 and theta[2 + j] != 0:
                    step, leaving = -theta[2 + j] / direction[2 + j], j
            value = self.smooth(theta) + penalty[:-1] @ theta[:-1]
            limit = 3 / max(3, abs(direction[-1]))  # ln sigma moves by at most 3.
            full = step
            step = min(step, limit)
            while True:
                new = theta + step * direction
                new[-1] = theta[-1] * np.exp(step * direction[-1])
                if self.smooth(new) + penalty[:-1] @ new[:-1] <= value + 1e-4 * step * slope + 1e-13 * abs(value):
                    break
                step /= 2
                if step < 1e-12:
                    return theta, signs
            if leaving is not None and step == full:
                new[2 + leaving], signs[leaving] = 0, 0
            theta = new
            if leaving is None and abs(slope) < 1e-22 * max(1, abs(value)):
                return theta, signs
        return theta, signs

    def maximise(self, theta):
        theta = theta.copy()
        delta = theta[2:2 + self.S]
        delta[np.abs(delta) < 1e-4] = 0
        signs = np.sign(delta)
        for _ in range(20 * self.S + 20):
            theta, signs = self._newton(theta, signs)
            if theta[-1] < 1e-9:  # Unbounded: the columns interpolate the rows.
                break
            gradient, _ = self.derivatives(theta)
            slack = np.where(signs == 0, np.abs(gradient[2:2 + self.S]) * self.tau - 1, -1)
            worst = int(np.argmax(slack))
            if slack[worst] <= 1e-11:
                break
            signs[worst] = -np.sign(gradient[2 + worst])
        return theta
