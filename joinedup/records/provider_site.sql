-- The one place where a site becomes its provider: codes as the extracts write them, each once.
WITH written AS (
    SELECT procode3 AS code FROM landed_apc
    UNION SELECT procodet FROM landed_apc
    UNION SELECT provider_code FROM landed_ecds
    UNION SELECT procode3 FROM landed_outpatient
    UNION SELECT procodet FROM landed_outpatient
    UNION SELECT organisation_identifier_code_of_provider FROM landed_ambulance
    UNION SELECT organisation_identifier_code_of_provider FROM landed_maternity
    UNION SELECT provider_code FROM landed_urgent_call
    UNION SELECT organisation_identifier_code_of_provider FROM landed_csds
    UNION SELECT organisation_identifier_code_of_provider FROM landed_mhsds
    UNION SELECT organisation_identifier_code_of_provider FROM landed_continuing_care
    UNION SELECT organisation_identifier_code_of_provider FROM landed_waiting_list
    UNION SELECT organisation_identifier_code_of_provider FROM landed_discharge_ready
    UNION SELECT provider_code FROM landed_children_social_care
    UNION SELECT provider_code FROM landed_community_activity
)
SELECT code AS site_code, left(code, 3) AS provider_code
FROM written
WHERE left(code, 1) IN ('R', 'T') AND length(code) = 5
