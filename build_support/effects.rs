//! Effects on the stack, in the notation of Lua's manual: `[-pops, +pushes, raises]`.

/// What a function pops and pushes, as far as that is fixed, and how it raises.
pub struct Effect<'a> {
    pub text: &'a str,
    pops: Option<Vec<i32>>,
    pushes: Option<Vec<i32>>,
    raises: &'a str,
}

/// In a mask of differences, the bit of the difference 0.
const ZERO_BIT: i32 = 8;

impl<'a> Effect<'a> {
    /// The first effect in a comment.
    pub fn find(comment: &'a str) -> Option<Effect<'a>> {
        let text = &comment[comment.find("[-")?..];
        let text = &text[..=text.find(']')?];
        let mut parts = text.trim_matches(['[', ']']).split(',').map(str::trim);
        let (pops, pushes) = (parts.next()?.strip_prefix('-')?, parts.next()?.strip_prefix('+')?);
        Some(Effect { text, pops: numbers(pops), pushes: numbers(pushes), raises: parts.next().unwrap_or("-") })
    }

    pub fn never_raises(&self) -> bool {
        self.raises == "-"
    }

    /// By how much the stack may have grown: a bit for each number. None if that depends on more than the function.
    pub fn growths(&self) -> Option<u32> {
        let (pops, pushes) = (self.pops.as_ref()?, self.pushes.as_ref()?);
        let differences = pushes.iter().flat_map(|pushed| pops.iter().map(move |popped| pushed - popped));
        Some(mask(differences))
    }

    /// How many results a function that Lua calls may return, in the same form.
    pub fn results(&self) -> Option<u32> {
        self.pushes.as_ref().map(|pushes| mask(pushes.iter().copied()))
    }
}

fn mask(differences: impl Iterator<Item = i32>) -> u32 {
    differences.fold(0, |mask, difference| mask | 1 << (difference + ZERO_BIT))
}

/// `2`, `0|1` or `(0|1)`; None for what has letters.
fn numbers(alternatives: &str) -> Option<Vec<i32>> {
    alternatives.trim_matches(['(', ')']).split('|').map(|number| number.parse().ok()).collect()
}
