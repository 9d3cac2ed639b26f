//! Owns the statistics: mean and variance of a sample, and Welch's t between two.

/// Mean and variance, kept as numbers come (Welford).
#[derive(Debug, Clone, Copy, Default)]
pub struct Sample {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Sample {
    /// One more number.
    pub fn add(&mut self, value: f64) {
        self.count += 1.0;
        let before = value - self.mean;
        self.mean += before / self.count;
        self.squares += before * (value - self.mean);
    }

    /// How many.
    pub const fn count(&self) -> f64 {
        self.count
    }

    /// The mean; 0 of nothing.
    pub const fn mean(&self) -> f64 {
        self.mean
    }

    /// The variance of the population that the sample is of; 0 under two numbers.
    pub fn variance(&self) -> f64 {
        if self.count < 2.0 { 0.0 } else { self.squares / (self.count - 1.0) }
    }
}

/// Welch's t: how many standard errors the means are apart, whatever the two variances are. 0 where there is nothing to say.
pub fn t(one: &Sample, other: &Sample) -> f64 {
    if one.count < 2.0 || other.count < 2.0 {
        return 0.0;
    }
    let error = (one.variance() / one.count + other.variance() / other.count).sqrt();
    if error == 0.0 { 0.0 } else { (one.mean - other.mean) / error }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[f64]) -> Sample {
        let mut sample = Sample::default();
        for value in values {
            sample.add(*value);
        }
        sample
    }

    fn near(one: f64, other: f64) -> bool {
        (one - other).abs() < 1e-9
    }

    #[test]
    fn mean_and_variance_are_those_of_the_book() {
        let sample = of(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]);
        assert!(near(sample.mean(), 5.0) && near(sample.variance(), 32.0 / 7.0) && near(sample.count(), 8.0));
        let far = of(&[1e9 + 4.0, 1e9 + 7.0, 1e9 + 13.0, 1e9 + 16.0]);
        assert!(near(far.variance(), 30.0), "a large mean swallows nothing: {}", far.variance());
    }

    #[test]
    fn t_sec_2_welchs_t_is_the_one_computed_by_hand() {
        // Means 3 and 6, variances 2.5 and 10, five numbers each: -3 / sqrt(0.5 + 2).
        let (one, other) = (of(&[1.0, 2.0, 3.0, 4.0, 5.0]), of(&[2.0, 4.0, 6.0, 8.0, 10.0]));
        assert!(near(t(&one, &other), -3.0 / 2.5_f64.sqrt()));
        assert!(near(t(&other, &one), 3.0 / 2.5_f64.sqrt()));
        assert!(near(t(&one, &one), 0.0));
        for too_small in [of(&[]), of(&[7.0])] {
            assert!(near(t(&too_small, &other), 0.0));
        }
        assert!(near(t(&of(&[3.0, 3.0]), &of(&[3.0, 3.0])), 0.0));
    }
}
