//! The values of a choice field, as an administrator writes them: one a line, `gold`, `gold | Gold` or `gold | Gold | 金牌`.

use meta::{Choice, Label, label};

const COLOURS: [&str; 7] = ["blue", "green", "yellow", "orange", "red", "purple", "grey"];
const VALUE_LIMIT: usize = 60;
const CHOICES_LIMIT: usize = 200;

/// What is wrong otherwise, with the remedy.
pub(super) fn choices(lines: &str) -> Result<Vec<Choice>, Label> {
    let mut all: Vec<Choice> = vec![];
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let mut parts = line.split('|').map(str::trim);
        let value = parts.next().unwrap_or_default();
        let en = parts.next().filter(|part| !part.is_empty()).unwrap_or(value);
        let zh = parts.next().filter(|part| !part.is_empty()).unwrap_or(en);
        if value.is_empty() || value.chars().count() > VALUE_LIMIT || parts.next().is_some() {
            return Err(label(
                format!(
                    "“{line}” is no choice: write value | English | Chinese, the value of at most {VALUE_LIMIT} characters"
                ),
                format!("“{line}”不是有效选项：请写成 值 | 英文 | 中文，值最多 {VALUE_LIMIT} 个字符"),
            ));
        }
        if all.iter().any(|choice| choice.value == value) {
            return Err(label(
                format!("“{value}” stands there twice: remove one of the lines"),
                format!("“{value}”出现了两次，请删去一行"),
            ));
        }
        let colour = COLOURS[all.len() % COLOURS.len()];
        all.push(Choice { value: value.to_owned(), label: label(en, zh), colour });
    }
    if all.is_empty() {
        return Err(label("write the choices, one a line", "请填写选项，每行一个"));
    }
    if all.len() > CHOICES_LIMIT {
        return Err(label(
            format!("at most {CHOICES_LIMIT} choices: make an entity of them, and a reference to it"),
            format!("最多 {CHOICES_LIMIT} 个选项：请改为自定义对象，并用引用字段指向它"),
        ));
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_choice() {
        let all = choices("gold | Gold | 金牌\n\n 银牌 \nbronze|Bronze").unwrap();
        let told = all.iter().map(|one| (&*one.value, &*one.label.en, &*one.label.zh)).collect::<Vec<_>>();
        assert_eq!(
            told,
            [("gold", "Gold", "金牌"), ("银牌", "银牌", "银牌"), ("bronze", "Bronze", "Bronze")]
        );
        for wrong in ["", " \n", "a\na", "| A | B", "a | b | c | d", &"x".repeat(61)] {
            assert!(choices(wrong).is_err(), "{wrong}");
        }
    }
}
