//! Whoever types in what is about a person sees that it is: the mark of personal fields on forms and in the API's description.

use super::modules;
use testkit::on_sqlite;

#[test]
fn forms_and_the_description_mark_what_is_personal() {
    on_sqlite(modules, async |test| {
        let client = test.administrator().await;
        client.set_cookie("zhike_lang", "en");
        let meta = client.get("/api/v1/meta").await.expect(200).json();
        let mut marks = 0;
        for known in meta["entities"].as_array().unwrap() {
            let entity = test.engine.entity(known["name"].as_str().unwrap()).unwrap();
            for field in known["fields"].as_array().unwrap() {
                let declared = &entity.fields[field["name"].as_str().unwrap()];
                assert_eq!(field["personal"], declared.personal, "{} {field}", entity.name);
            }
            if known["writable"] != true || entity.parent.is_some() {
                continue;
            }
            let form = client.get(&format!("/{}/new", entity.name)).await.expect(200).body;
            for label in form.split("<label class=\"form-label\"").skip(1) {
                let label = label.split("</label>").next().unwrap();
                let Some(name) = label.split("for=\"f-").nth(1) else { continue };
                let name = name.split('"').next().unwrap();
                let Some(field) = entity.get(name) else { panic!("{name} is no field of {}", entity.name) };
                assert_eq!(label.contains("personal-mark"), field.personal, "{} {name}", entity.name);
                marks += u32::from(field.personal);
            }
        }
        assert!(marks > 5, "{marks} fields are marked");
    });
}
