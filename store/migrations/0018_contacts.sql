-- Contacts in full: what kind of contact somebody is, where they are, their labels
-- and the notes about them. Oldest binary that runs on it: 0.1.0.

-- +goose Up
-- contact_type: 0 visitor, 1 lead, 2 customer. location, country_code and
-- company_name are what additional_attributes say (city, country, company_name),
-- empty where they say nothing: lists are sorted and searched by them.
ALTER TABLE contacts ADD COLUMN contact_type INTEGER NOT NULL DEFAULT 0;
ALTER TABLE contacts ADD COLUMN location TEXT NOT NULL DEFAULT '';
ALTER TABLE contacts ADD COLUMN country_code TEXT NOT NULL DEFAULT '';
ALTER TABLE contacts ADD COLUMN company_name TEXT NOT NULL DEFAULT '';
-- A contact that is deleted is gone for everybody at once; the row stays until
-- nothing refers to it any more.
ALTER TABLE contacts ADD COLUMN deleted_at BIGINT;
UPDATE contacts SET
    location = COALESCE({{text additional_attributes city}}, ''),
    country_code = COALESCE({{text additional_attributes country}}, ''),
    company_name = COALESCE({{text additional_attributes company_name}}, ''),
    contact_type = CASE WHEN COALESCE(email, '') <> '' OR COALESCE(phone_number, '') <> '' OR additional_attributes LIKE '%"social!_%' ESCAPE '!' THEN 1 ELSE 0 END;
-- lists show contacts who can be reached or are known to somebody
CREATE INDEX contacts_activity ON contacts (account_id, COALESCE(last_activity_at, 0) DESC, id)
    WHERE email IS NOT NULL OR phone_number IS NOT NULL OR identifier IS NOT NULL;
CREATE INDEX contacts_named ON contacts (account_id, LOWER(name), id)
    WHERE email IS NOT NULL OR phone_number IS NOT NULL OR identifier IS NOT NULL;

CREATE TABLE contact_labels (
    contact_id BIGINT NOT NULL REFERENCES contacts (id) ON DELETE CASCADE,
    account_id BIGINT NOT NULL,
    label TEXT NOT NULL,
    PRIMARY KEY (contact_id, label)
);
CREATE INDEX contact_labels_label ON contact_labels (account_id, label);
-- the spelling of a label that the account has already
CREATE INDEX contact_labels_folded ON contact_labels (account_id, LOWER(label));

CREATE TABLE contact_notes (
    id {{pk}},
    account_id BIGINT NOT NULL,
    contact_id BIGINT NOT NULL REFERENCES contacts (id) ON DELETE CASCADE,
    user_id BIGINT REFERENCES users (id) ON DELETE SET NULL,
    content TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX contact_notes_contact ON contact_notes (contact_id, id);
-- a user who is deleted is taken off notes by the database
CREATE INDEX contact_notes_user ON contact_notes (user_id) WHERE user_id IS NOT NULL;

-- +goose Down
DROP TABLE contact_notes;
DROP TABLE contact_labels;
DROP INDEX contacts_named;
DROP INDEX contacts_activity;
ALTER TABLE contacts DROP COLUMN deleted_at;
ALTER TABLE contacts DROP COLUMN company_name;
ALTER TABLE contacts DROP COLUMN country_code;
ALTER TABLE contacts DROP COLUMN location;
ALTER TABLE contacts DROP COLUMN contact_type;
