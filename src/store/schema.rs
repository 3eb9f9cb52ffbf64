//! The tables as diesel knows them. `tests/store.rs` compares them with both databases.

diesel::table! { log_head (id) { id -> Integer, epoch -> Text, seq -> BigInt, chain -> Text, } }
diesel::table! {
    things (id) {
        id -> Text,
        kind -> Text,
        parent_id -> Nullable<Text>,
        owner_party -> Nullable<Text>,
        visibility -> Text,
        status -> Text,
        verified_on -> Nullable<Text>,
        version -> BigInt,
        created_at -> Text,
        updated_at -> Text,
        title_ja -> Nullable<Text>,
        title_en -> Nullable<Text>,
        sort_key -> Text,
        name_key -> Text,
    }
}
diesel::table! {
    organizations (thing_id) {
        thing_id -> Text,
        organization_kind -> Text,
        name_kana -> Nullable<Text>,
        corporate_number -> Nullable<Text>,
        ror -> Nullable<Text>,
        municipality -> Nullable<Text>,
        postal_code -> Nullable<Text>,
        address_ja -> Nullable<Text>,
        address_en -> Nullable<Text>,
        website -> Nullable<Text>,
        founded -> Nullable<Text>,
        employees -> Nullable<BigInt>,
        capital -> Nullable<BigInt>,
        industry -> Nullable<Text>,
        description_ja -> Nullable<Text>,
        description_en -> Nullable<Text>,
        invoice_number -> Nullable<Text>,
    }
}
diesel::table! {
    people (thing_id) {
        thing_id -> Text,
        name_kana -> Nullable<Text>,
        orcid -> Nullable<Text>,
        researchmap -> Nullable<Text>,
        position_ja -> Nullable<Text>,
        position_en -> Nullable<Text>,
        municipality -> Nullable<Text>,
        website -> Nullable<Text>,
        description_ja -> Nullable<Text>,
        description_en -> Nullable<Text>,
        erad -> Nullable<Text>,
    }
}
diesel::table! {
    capabilities (thing_id) {
        thing_id -> Text,
        capability_kind -> Text,
        description_ja -> Nullable<Text>,
        description_en -> Nullable<Text>,
        evidence_ja -> Nullable<Text>,
        evidence_en -> Nullable<Text>,
        readiness -> Nullable<BigInt>,
        trial_use -> Nullable<Bool>,
        price_min -> Nullable<BigInt>,
        price_max -> Nullable<BigInt>,
    }
}
diesel::table! {
    seeds (thing_id) {
        thing_id -> Text,
        summary_ja -> Nullable<Text>,
        summary_en -> Nullable<Text>,
        novelty_ja -> Nullable<Text>,
        novelty_en -> Nullable<Text>,
        applications_ja -> Nullable<Text>,
        applications_en -> Nullable<Text>,
        partner_sought_ja -> Nullable<Text>,
        partner_sought_en -> Nullable<Text>,
        readiness -> Nullable<BigInt>,
        property_status -> Nullable<Text>,
        cost_min -> Nullable<BigInt>,
        cost_max -> Nullable<BigInt>,
        time_scale_months -> Nullable<BigInt>,
    }
}
diesel::table! {
    needs (thing_id) {
        thing_id -> Text,
        summary_ja -> Nullable<Text>,
        summary_en -> Nullable<Text>,
        budget_min -> Nullable<BigInt>,
        budget_max -> Nullable<BigInt>,
        deadline -> Nullable<Text>,
        anonymous -> Bool,
    }
}
diesel::table! {
    need_lines (need_id, position) {
        need_id -> Text,
        position -> Integer,
        strength -> Text,
        text_ja -> Nullable<Text>,
        text_en -> Nullable<Text>,
        condition_field -> Nullable<Text>,
        condition_operator -> Nullable<Text>,
        condition_values -> Nullable<Text>,
    }
}
diesel::table! {
    records (thing_id) {
        thing_id -> Text,
        record_kind -> Nullable<Text>,
        text_ja -> Nullable<Text>,
        text_en -> Nullable<Text>,
        happened_on -> Nullable<Text>,
        amount -> Nullable<BigInt>,
        number -> Nullable<Text>,
        website -> Nullable<Text>,
        kaken -> Nullable<Text>,
        patent -> Nullable<Text>,
    }
}
diesel::table! {
    exhibitions (thing_id) {
        thing_id -> Text,
        exhibition_kind -> Nullable<Text>,
        organizer -> Nullable<Text>,
        description_ja -> Nullable<Text>,
        description_en -> Nullable<Text>,
        call_ja -> Nullable<Text>,
        call_en -> Nullable<Text>,
        venue_ja -> Nullable<Text>,
        venue_en -> Nullable<Text>,
        municipality -> Nullable<Text>,
        website -> Nullable<Text>,
        begins_on -> Nullable<Text>,
        ends_on -> Nullable<Text>,
        apply_by -> Nullable<Text>,
        answer_by -> Nullable<Text>,
        theme -> Text,
        booths -> Text,
        walls -> Text,
        price -> Nullable<BigInt>,
        subsidy_percent -> Nullable<BigInt>,
        subsidy_cap -> Nullable<BigInt>,
        subsidy_cap_each -> Nullable<BigInt>,
    }
}
diesel::table! {
    thing_values (thing_id, list, position) {
        thing_id -> Text,
        list -> Text,
        position -> Integer,
        value -> Text,
    }
}
diesel::table! {
    thing_links (thing_id, relation, position) {
        thing_id -> Text,
        relation -> Text,
        position -> Integer,
        target_id -> Text,
        role -> Nullable<Text>,
    }
}
diesel::table! {
    external_references (kind, scheme, value) {
        kind -> Text,
        scheme -> Text,
        value -> Text,
        thing_id -> Text,
    }
}
diesel::table! {
    versions (thing_id, version) {
        thing_id -> Text,
        version -> BigInt,
        change_seq -> BigInt,
        at -> Text,
        actor -> Text,
        snapshot -> Nullable<Text>,
        status -> Text,
    }
}
diesel::table! {
    changes (seq, line) {
        seq -> BigInt,
        line -> Integer,
        at -> Text,
        actor -> Text,
        action -> Text,
        kind -> Text,
        thing_id -> Text,
        narrows -> Bool,
        salt -> Text,
        digest -> Text,
        chain -> Text,
    }
}
diesel::table! {
    idempotency_keys (caller, key) {
        caller -> Text,
        key -> Text,
        request_digest -> Text,
        thing_id -> Text,
        change_seq -> BigInt,
        response -> Text,
        created_at -> Text,
    }
}
diesel::table! {
    municipalities (code) {
        code -> Text,
        prefecture -> Nullable<Text>,
        name_ja -> Text,
        name_kana -> Text,
        name_en -> Text,
    }
}
diesel::table! { fields (code) { code -> Text, parent -> Nullable<Text>, name_ja -> Text, name_en -> Text, } }

diesel::joinable!(organizations -> things (thing_id));
diesel::joinable!(people -> things (thing_id));
diesel::joinable!(capabilities -> things (thing_id));
diesel::joinable!(seeds -> things (thing_id));
diesel::joinable!(needs -> things (thing_id));
diesel::joinable!(records -> things (thing_id));
diesel::joinable!(exhibitions -> things (thing_id));
diesel::allow_tables_to_appear_in_same_query!(
    things,
    organizations,
    people,
    capabilities,
    seeds,
    needs,
    records,
    exhibitions,
    thing_values,
    thing_links,
    external_references,
);

diesel::table! {
    accounts (id) {
        id -> Text,
        email -> Text,
        name -> Text,
        language -> Text,
        state -> Text,
        password_hash -> Text,
        totp_secret -> Nullable<Text>,
        totp_confirmed -> Bool,
        totp_step -> BigInt,
        version -> BigInt,
        created_at -> Text,
        updated_at -> Text,
    }
}
diesel::table! { account_roles (account_id, role) { account_id -> Text, role -> Text, } }
diesel::table! {
    memberships (id) {
        id -> Text,
        account_id -> Text,
        party_id -> Text,
        party_right -> Text,
        state -> Text,
        version -> BigInt,
        created_at -> Text,
        updated_at -> Text,
    }
}
diesel::table! {
    invitations (id) {
        id -> Text,
        email -> Text,
        party_id -> Nullable<Text>,
        party_right -> Nullable<Text>,
        roles -> Text,
        language -> Text,
        invited_by -> Text,
        code_hash -> Text,
        state -> Text,
        created_at -> Text,
        expires_at -> Text,
    }
}
diesel::table! {
    session_families (id) {
        id -> Text,
        account_id -> Text,
        created_at -> Text,
        last_used_at -> Text,
        expires_at -> Text,
        ended_at -> Nullable<Text>,
        end_reason -> Nullable<Text>,
    }
}
diesel::table! {
    refresh_tokens (token_hash) {
        token_hash -> Text,
        family_id -> Text,
        created_at -> Text,
        expires_at -> Text,
        used_at -> Nullable<Text>,
    }
}
diesel::table! {
    api_tokens (id) {
        id -> Text,
        account_id -> Text,
        name -> Text,
        token_hash -> Text,
        scope -> Text,
        created_at -> Text,
        expires_at -> Text,
    }
}
diesel::table! {
    one_time_codes (code_hash) {
        code_hash -> Text,
        purpose -> Text,
        account_id -> Text,
        email -> Nullable<Text>,
        created_at -> Text,
        expires_at -> Text,
        used_at -> Nullable<Text>,
    }
}
diesel::table! { sign_in_counters (subject) { subject -> Text, failures -> BigInt, last_at -> Text, } }
diesel::table! {
    mail_outbox (id) {
        id -> Text,
        letter -> Text,
        email -> Text,
        language -> Nullable<Text>,
        reference -> Nullable<Text>,
        created_at -> Text,
        due_at -> Text,
        attempts -> BigInt,
    }
}
diesel::table! { rights_head (id) { id -> Integer, generation -> BigInt, } }
diesel::table! { vocabulary_head (id) { id -> Integer, generation -> BigInt, } }

diesel::joinable!(memberships -> accounts (account_id));
diesel::joinable!(session_families -> accounts (account_id));
diesel::joinable!(api_tokens -> accounts (account_id));
diesel::allow_tables_to_appear_in_same_query!(
    accounts,
    account_roles,
    memberships,
    session_families,
    api_tokens,
    refresh_tokens
);
diesel::table! {
    concepts (id) {
        id -> Text,
        code -> Text,
        parent -> Nullable<Text>,
        name_ja -> Nullable<Text>,
        name_en -> Nullable<Text>,
        synonyms_ja -> Text,
        synonyms_en -> Text,
        version -> BigInt,
        updated_at -> Text,
    }
}

diesel::table! {
    imports (id) {
        id -> Text,
        node -> Text,
        kind -> Text,
        format -> Text,
        source -> Nullable<Text>,
        mapping -> Nullable<Text>,
        encoding -> Nullable<Text>,
        file_name -> Nullable<Text>,
        bytes -> BigInt,
        state -> Text,
        created_by -> Text,
        created_at -> Text,
        updated_at -> Text,
        rows_done -> BigInt,
        rows_total -> Nullable<BigInt>,
        preview -> Nullable<Text>,
        result -> Nullable<Text>,
        undone -> Nullable<Text>,
        failure -> Nullable<Text>,
        undone_to -> Nullable<BigInt>,
    }
}
diesel::table! {
    import_batches (import_id, seq) { import_id -> Text, seq -> BigInt, last_line -> BigInt, counts -> Text, }
}
diesel::table! {
    import_references (import_id, kind, scheme, value) {
        import_id -> Text,
        kind -> Text,
        scheme -> Text,
        value -> Text,
    }
}
diesel::table! {
    import_mappings (kind, name, position) {
        kind -> Text,
        name -> Text,
        position -> Integer,
        heading -> Text,
        field -> Text,
    }
}

diesel::table! {
    reviews (id) {
        id -> Text,
        thing_id -> Text,
        version -> BigInt,
        at -> Text,
        actor -> Text,
        step -> Text,
        by_reviewer -> Bool,
        comment -> Nullable<Text>,
        author -> Nullable<Text>,
        party -> Nullable<Text>,
    }
}
diesel::table! { industries (code) { code -> Text, parent -> Nullable<Text>, name_ja -> Text, name_en -> Text, } }
diesel::table! { trusted_parties (party_id) { party_id -> Text, at -> Text, actor -> Text, } }
diesel::table! { verifications_asked (thing_id) { thing_id -> Text, verified_on -> Text, at -> Text, } }
diesel::table! { likenesses (scheme, value, thing_id) { scheme -> Text, value -> Text, thing_id -> Text, } }
diesel::table! {
    merges (id) {
        id -> Text,
        merged_id -> Text,
        into_id -> Text,
        at -> Text,
        actor -> Text,
        visibility -> Text,
        status -> Text,
        carried -> Text,
        undone_at -> Nullable<Text>,
    }
}
diesel::allow_tables_to_appear_in_same_query!(things, verifications_asked);
diesel::allow_tables_to_appear_in_same_query!(things, likenesses);

diesel::table! {
    matters (id) {
        id -> Text,
        kind -> Text,
        state -> Text,
        closed -> Bool,
        desk -> Nullable<Text>,
        subject_id -> Nullable<Text>,
        purpose -> Nullable<Text>,
        due_at -> Nullable<Text>,
        pair -> Nullable<Text>,
        version -> BigInt,
        created_at -> Text,
        updated_at -> Text,
    }
}
diesel::table! {
    matter_parties (matter_id, party_id) {
        matter_id -> Text,
        party_id -> Text,
        side -> Nullable<Text>,
    }
}
diesel::table! {
    matter_events (matter_id, number) {
        matter_id -> Text,
        number -> BigInt,
        change_seq -> BigInt,
        event -> Text,
        at -> Text,
        actor -> Text,
        happened_on -> Text,
        deed -> Text,
    }
}
diesel::table! {
    disclosures (thing_id, party_id, matter_id) {
        thing_id -> Text,
        party_id -> Text,
        matter_id -> Text,
        granted_at -> Text,
    }
}
diesel::table! {
    notices (id) {
        id -> Text,
        account_id -> Text,
        matter_id -> Text,
        kind -> Text,
        number -> BigInt,
        event -> Text,
        at -> Text,
        read_at -> Nullable<Text>,
        mailed_at -> Nullable<Text>,
    }
}
diesel::table! {
    notice_choices (account_id) {
        account_id -> Text,
        choice -> Text,
        gathered_at -> Nullable<Text>,
    }
}
diesel::table! { standing_head (id) { id -> Integer, seq -> BigInt, progress -> Nullable<Text>, } }

diesel::joinable!(matter_parties -> matters (matter_id));
diesel::joinable!(matter_events -> matters (matter_id));
diesel::joinable!(notices -> accounts (account_id));
diesel::joinable!(notice_choices -> accounts (account_id));
diesel::allow_tables_to_appear_in_same_query!(matters, matter_parties, matter_events);
diesel::allow_tables_to_appear_in_same_query!(things, disclosures);
diesel::allow_tables_to_appear_in_same_query!(accounts, notices);
diesel::allow_tables_to_appear_in_same_query!(accounts, notice_choices);

diesel::table! {
    saved_searches (id) {
        id -> Text,
        account_id -> Text,
        name -> Text,
        query -> Text,
        cadence -> Text,
        feed_hash -> Nullable<Text>,
        from_seq -> BigInt,
        looked_seq -> BigInt,
        looked_at -> Text,
        mailed_seq -> BigInt,
        mailed_at -> Nullable<Text>,
        version -> BigInt,
        created_at -> Text,
        updated_at -> Text,
    }
}
diesel::table! {
    saved_search_finds (search_id, thing_id) {
        search_id -> Text,
        thing_id -> Text,
        seq -> BigInt,
        at -> Text,
    }
}
diesel::table! { watch_head (id) { id -> Integer, seq -> BigInt, generation -> BigInt, } }

diesel::joinable!(saved_searches -> accounts (account_id));
diesel::joinable!(saved_search_finds -> saved_searches (search_id));
diesel::allow_tables_to_appear_in_same_query!(accounts, saved_searches, saved_search_finds);
