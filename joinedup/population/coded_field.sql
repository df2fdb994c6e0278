WITH written AS (
    SELECT file_id, source_row, 'cld.client_type' AS system, client_type AS code, person_id, event_start_date AS coded_on FROM landed_cld
    UNION ALL SELECT file_id, source_row, 'cld.primary_support_reason', primary_support_reason, person_id, event_start_date FROM landed_cld
    UNION ALL SELECT file_id, source_row, 'cld.accommodation_status', accommodation_status, person_id, event_start_date FROM landed_cld
    UNION ALL SELECT file_id, source_row, 'cld.has_unpaid_carer', has_unpaid_carer, person_id, event_start_date FROM landed_cld
    UNION ALL SELECT file_id, source_row, 'cld.autism_spectrum_disorder_asd', autism_spectrum_disorder_asd, person_id, event_start_date FROM landed_cld
    UNION ALL SELECT file_id, source_row, 'cld.visual_impairment', visual_impairment, person_id, event_start_date FROM landed_cld
    UNION ALL SELECT file_id, source_row, 'cld.hearing_impairment', hearing_impairment, person_id, event_start_date FROM landed_cld
    UNION ALL SELECT file_id, source_row, 'cld.dementia', dementia, person_id, event_start_date FROM landed_cld
    UNION ALL SELECT file_id, source_row, 'cld.assessment_type', assessment_type, person_id, event_start_date FROM landed_cld
    UNION ALL SELECT file_id, source_row, 'cld.service_type', service_type, person_id, event_start_date FROM landed_cld
    UNION ALL SELECT file_id, source_row, 'cld.service_component', service_component, person_id, event_start_date FROM landed_cld
    UNION ALL SELECT file_id, source_row, 'children_social_care.record_type', record_type, person_id, start_date FROM landed_children_social_care
    UNION ALL SELECT file_id, source_row, 'children_social_care.primary_need_code', primary_need_code, person_id, start_date FROM landed_children_social_care
    UNION ALL SELECT file_id, source_row, 'children_social_care.category_of_abuse', category_of_abuse, person_id, start_date FROM landed_children_social_care
    UNION ALL SELECT file_id, source_row, 'children_social_care.legal_status', legal_status, person_id, start_date FROM landed_children_social_care
    UNION ALL SELECT file_id, source_row, 'children_social_care.placement_type', placement_type, person_id, start_date FROM landed_children_social_care
    UNION ALL SELECT file_id, source_row, 'children_social_care.primary_need_type', primary_need_type, person_id, start_date FROM landed_children_social_care
    UNION ALL SELECT file_id, source_row, 'csds.service_or_team_type_referred_to_community_care', service_or_team_type_referred_to_community_care, person_id, care_contact_date FROM landed_csds
    UNION ALL SELECT file_id, source_row, 'csds.community_care_activity_type_code', community_care_activity_type_code, person_id, care_contact_date FROM landed_csds
    UNION ALL SELECT file_id, source_row, 'csds.activity_location_type_code', activity_location_type_code, person_id, care_contact_date FROM landed_csds
    UNION ALL SELECT file_id, source_row, 'community_activity.service', service, person_id, activity_date FROM landed_community_activity
    UNION ALL SELECT file_id, source_row, 'community_activity.kind', kind, person_id, activity_date FROM landed_community_activity
    UNION ALL SELECT file_id, source_row, 'maternity.record_type', record_type, person_id, activity_date FROM landed_maternity
    UNION ALL SELECT file_id, source_row, 'maternity.complex_social_factors_indicator', complex_social_factors_indicator, person_id, activity_date FROM landed_maternity
    UNION ALL SELECT file_id, source_row, 'maternity.delivery_method_code', delivery_method_code, person_id, activity_date FROM landed_maternity
    UNION ALL SELECT file_id, source_row, 'maternity.live_or_still_birth', live_or_still_birth, person_id, activity_date FROM landed_maternity
    UNION ALL SELECT file_id, source_row, 'mhsds.primary_reason_for_referral_mental_health', primary_reason_for_referral_mental_health, person_id, coalesce(care_contact_date, start_date_hospital_provider_spell) FROM landed_mhsds
    UNION ALL SELECT file_id, source_row, 'mhsds.service_or_team_type_referred_to_mental_health', service_or_team_type_referred_to_mental_health, person_id, coalesce(care_contact_date, start_date_hospital_provider_spell) FROM landed_mhsds
    UNION ALL SELECT file_id, source_row, 'mhsds.care_cluster', care_cluster, person_id, coalesce(care_contact_date, start_date_hospital_provider_spell) FROM landed_mhsds
    UNION ALL SELECT file_id, source_row, 'continuing_care.eligibility_route', eligibility_route, person_id, coalesce(start_date_care_package, service_request_received_date) FROM landed_continuing_care
    UNION ALL SELECT file_id, source_row, 'continuing_care.care_package_type', care_package_type, person_id, coalesce(start_date_care_package, service_request_received_date) FROM landed_continuing_care
    UNION ALL SELECT file_id, source_row, 'ecds.chief_complaint', chief_complaint, person_id, arrival_date FROM landed_ecds
)
SELECT
    file_id,
    source_row,
    system,
    code,
    person_id,
    coded_on,
    CAST(file_id AS BIGINT) * 10000000000 + source_row AS activity_id
FROM written
WHERE code IS NOT NULL AND coded_on IS NOT NULL
