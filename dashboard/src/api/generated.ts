// Made by `npm run client` from the OpenAPI document of the program: do not edit.

export interface paths {
    "/api/v1/accounts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sign up */
        post: operations["signUp"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/actions/contact_merge": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Merge contacts */
        post: operations["mergeContacts"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/agent_bots": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List agent bots */
        get: operations["listAgentBots"];
        put?: never;
        /** Create agent bot */
        post: operations["createAgentBot"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/agent_bots/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show agent bot */
        get: operations["showAgentBot"];
        /** Update agent bot */
        put: operations["updateAgentBotByPut"];
        post?: never;
        /** Delete agent bot */
        delete: operations["deleteAgentBot"];
        options?: never;
        head?: never;
        /** Update agent bot */
        patch: operations["updateAgentBot"];
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/agent_bots/{id}/avatar": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Delete agent bot avatar */
        delete: operations["deleteAgentBotAvatar"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/agent_bots/{id}/reset_access_token": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Reset agent bot token */
        post: operations["resetAgentBotToken"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/agent_capacity_policies": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List capacity policies */
        get: operations["listCapacityPolicies"];
        put?: never;
        /** Create capacity policy */
        post: operations["createCapacityPolicy"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/agent_capacity_policies/{agent_capacity_policy_id}/inbox_limits": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Create capacity limit */
        post: operations["createCapacityLimit"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/agent_capacity_policies/{agent_capacity_policy_id}/inbox_limits/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Update capacity limit */
        put: operations["updateCapacityLimitByPut"];
        post?: never;
        /** Delete capacity limit */
        delete: operations["deleteCapacityLimit"];
        options?: never;
        head?: never;
        /** Update capacity limit */
        patch: operations["updateCapacityLimit"];
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/agent_capacity_policies/{agent_capacity_policy_id}/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List capacity users */
        get: operations["listCapacityUsers"];
        put?: never;
        /** Add capacity user */
        post: operations["addCapacityUser"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/agent_capacity_policies/{agent_capacity_policy_id}/users/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Remove capacity user */
        delete: operations["removeCapacityUser"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/agent_capacity_policies/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show capacity policy */
        get: operations["showCapacityPolicy"];
        /** Update capacity policy */
        put: operations["updateCapacityPolicyByPut"];
        post?: never;
        /** Delete capacity policy */
        delete: operations["deleteCapacityPolicy"];
        options?: never;
        head?: never;
        /** Update capacity policy */
        patch: operations["updateCapacityPolicy"];
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/agents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List agents */
        get: operations["listAgents"];
        put?: never;
        /** Create agent */
        post: operations["createAgent"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/agents/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Update agent */
        put: operations["updateAgentByPut"];
        post?: never;
        /** Delete agent */
        delete: operations["deleteAgent"];
        options?: never;
        head?: never;
        /** Update agent */
        patch: operations["updateAgent"];
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/agents/bulk_create": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Create agents */
        post: operations["createAgents"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/assignable_agents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List assignable agents */
        get: operations["listAssignableAgents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/assignment_policies": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List assignment policies */
        get: operations["listAssignmentPolicies"];
        put?: never;
        /** Create assignment policy */
        post: operations["createAssignmentPolicy"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/assignment_policies/{assignment_policy_id}/inboxes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List assignment policy inboxes */
        get: operations["listAssignmentPolicyInboxes"];
        put?: never;
        /** Add assignment policy inbox */
        post: operations["addAssignmentPolicyInbox"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/assignment_policies/{assignment_policy_id}/inboxes/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Remove assignment policy inbox */
        delete: operations["removeAssignmentPolicyInbox"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/assignment_policies/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show assignment policy */
        get: operations["showAssignmentPolicy"];
        /** Update assignment policy */
        put: operations["updateAssignmentPolicyByPut"];
        post?: never;
        /** Delete assignment policy */
        delete: operations["deleteAssignmentPolicy"];
        options?: never;
        head?: never;
        /** Update assignment policy */
        patch: operations["updateAssignmentPolicy"];
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/audit_logs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List audit logs */
        get: operations["listAuditLogs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/automation_rules": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List rules */
        get: operations["listRules"];
        put?: never;
        /** Create rule */
        post: operations["createRule"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/automation_rules/{automation_rule_id}/clone": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Clone rule */
        post: operations["cloneRule"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/automation_rules/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show rule */
        get: operations["showRule"];
        /** Update rule */
        put: operations["updateRuleByPut"];
        post?: never;
        /** Delete rule */
        delete: operations["deleteRule"];
        options?: never;
        head?: never;
        /** Update rule */
        patch: operations["updateRule"];
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/bulk_actions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Create bulk action */
        post: operations["createBulkAction"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/bulk_actions/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show bulk action */
        get: operations["showBulkAction"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/callbacks/facebook_pages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** List facebook pages */
        post: operations["listFacebookPages"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/callbacks/reauthorize_page": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Reauthorize page */
        post: operations["reauthorizePage"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/callbacks/register_facebook_page": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Register facebook page */
        get: operations["getApiV1AccountsAccountIdCallbacksRegisterFacebookPage"];
        put?: never;
        /** Register facebook page */
        post: operations["postApiV1AccountsAccountIdCallbacksRegisterFacebookPage"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/canned_responses": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List canned responses */
        get: operations["listCannedResponses"];
        put?: never;
        /** Create canned response */
        post: operations["createCannedResponse"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/canned_responses/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Update canned response */
        put: operations["updateCannedResponseByPut"];
        post?: never;
        /** Delete canned response */
        delete: operations["deleteCannedResponse"];
        options?: never;
        head?: never;
        /** Update canned response */
        patch: operations["updateCannedResponse"];
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/channels/twilio_channel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Create twilio channel */
        post: operations["createTwilioChannel"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/contact_inboxes/filter": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Find contact */
        post: operations["findContact"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/contacts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List contacts */
        get: operations["listContacts"];
        put?: never;
        /** Create contact */
        post: operations["createContact"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/contacts/{contact_id}/contact_inboxes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Create contact inbox */
        post: operations["createContactInbox"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/contacts/{contact_id}/conversations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List contact conversations */
        get: operations["listContactConversations"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/contacts/{contact_id}/labels": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List contact labels */
        get: operations["listContactLabels"];
        put?: never;
        /** Set contact labels */
        post: operations["setContactLabels"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/contacts/{contact_id}/notes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List contact notes */
        get: operations["listContactNotes"];
        put?: never;
        /** Create contact note */
        post: operations["createContactNote"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/contacts/{contact_id}/notes/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show contact note */
        get: operations["showContactNote"];
        /** Update contact note */
        put: operations["updateContactNoteByPut"];
        post?: never;
        /** Delete contact note */
        delete: operations["deleteContactNote"];
        options?: never;
        head?: never;
        /** Update contact note */
        patch: operations["updateContactNote"];
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/contacts/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show contact */
        get: operations["showContact"];
        /** Update contact */
        put: operations["updateContactByPut"];
        post?: never;
        /** Delete contact */
        delete: operations["deleteContact"];
        options?: never;
        head?: never;
        /** Update contact */
        patch: operations["updateContact"];
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/contacts/{id}/avatar": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Delete contact avatar */
        delete: operations["deleteContactAvatar"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/contacts/{id}/contactable_inboxes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List contactable inboxes */
        get: operations["listContactableInboxes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/contacts/{id}/destroy_custom_attributes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Drop contact attributes */
        post: operations["dropContactAttributes"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/contacts/active": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List active contacts */
        get: operations["listActiveContacts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/contacts/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Export contacts */
        post: operations["exportContacts"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/contacts/filter": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Filter contacts */
        post: operations["filterContacts"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/contacts/import": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Import contacts */
        post: operations["importContacts"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/contacts/imports": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How imports of contacts are going, the newest first. */
        get: operations["listContactImports"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/contacts/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Search contacts */
        get: operations["searchContacts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/conversations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List conversations */
        get: operations["listConversations"];
        put?: never;
        /** Create conversation */
        post: operations["createConversation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/conversations/{conversation_id}/assignments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Assign conversation */
        post: operations["assignConversation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/conversations/{conversation_id}/direct_uploads": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Announce attachment */
        post: operations["announceAttachment"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/conversations/{conversation_id}/draft_messages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show draft */
        get: operations["showDraft"];
        /** Save draft */
        put: operations["saveDraftByPut"];
        post?: never;
        /** Drop draft */
        delete: operations["dropDraft"];
        options?: never;
        head?: never;
        /** Save draft */
        patch: operations["saveDraft"];
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/conversations/{conversation_id}/labels": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List conversation labels */
        get: operations["listConversationLabels"];
        put?: never;
        /** Set conversation labels */
        post: operations["setConversationLabels"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/conversations/{conversation_id}/messages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List messages */
        get: operations["listMessages"];
        put?: never;
        /** Create message */
        post: operations["createMessage"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/conversations/{conversation_id}/messages/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Update message status */
        put: operations["updateMessageStatusByPut"];
        post?: never;
        /** Erase message */
        delete: operations["eraseMessage"];
        options?: never;
        head?: never;
        /** Update message status */
        patch: operations["updateMessageStatus"];
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/conversations/{conversation_id}/messages/{id}/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Retry message */
        post: operations["retryMessage"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/conversations/{conversation_id}/messages/{id}/translate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Translate message */
        post: operations["translateMessage"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/conversations/{conversation_id}/participants": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List participants */
        get: operations["listParticipants"];
        /** Set participants */
        put: operations["setParticipantsByPut"];
        /** Add participants */
        post: operations["addParticipants"];
        /** Remove participants */
        delete: operations["removeParticipants"];
        options?: never;
        head?: never;
        /** Set participants */
        patch: operations["setParticipants"];
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/conversations/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show conversation */
        get: operations["showConversation"];
        /** Update conversation */
        put: operations["updateConversationByPut"];
        post?: never;
        /** Delete conversation */
        delete: operations["deleteConversation"];
        options?: never;
        head?: never;
        /** Update conversation */
        patch: operations["updateConversation"];
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/conversations/{id}/attachments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List conversation files */
        get: operations["listConversationFiles"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/conversations/{id}/custom_attributes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Set conversation attributes */
        post: operations["setConversationAttributes"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/conversations/{id}/inbox_assistant": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show assistant */
        get: operations["showAssistant"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/conversations/{id}/mute": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Mute conversation */
        post: operations["muteConversation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/conversations/{id}/toggle_priority": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Toggle priority */
        post: operations["togglePriority"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/conversations/{id}/toggle_status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Toggle status */
        post: operations["toggleStatus"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/conversations/{id}/toggle_typing_status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Toggle typing */
        post: operations["toggleTyping"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/conversations/{id}/transcript": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Send transcript */
        post: operations["sendTranscript"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/conversations/{id}/unmute": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Unmute conversation */
        post: operations["unmuteConversation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/conversations/{id}/unread": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Unsee conversation */
        post: operations["unseeConversation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/conversations/{id}/update_last_seen": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** See conversation */
        post: operations["seeConversation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/conversations/{id}/viewing": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** View conversation */
        post: operations["viewConversation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/conversations/filter": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Filter conversations */
        post: operations["filterConversations"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/conversations/meta": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Count conversations */
        get: operations["countConversations"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/conversations/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Search conversations */
        get: operations["searchConversations"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/conversations/unread_counts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Count unread */
        get: operations["countUnread"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/custom_attribute_definitions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List custom attributes */
        get: operations["listCustomAttributes"];
        put?: never;
        /** Create custom attribute */
        post: operations["createCustomAttribute"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/custom_attribute_definitions/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show custom attribute */
        get: operations["showCustomAttribute"];
        /** Update custom attribute */
        put: operations["updateCustomAttributeByPut"];
        post?: never;
        /** Delete custom attribute */
        delete: operations["deleteCustomAttribute"];
        options?: never;
        head?: never;
        /** Update custom attribute */
        patch: operations["updateCustomAttribute"];
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/custom_filters": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List custom filters */
        get: operations["listCustomFilters"];
        put?: never;
        /** Create custom filter */
        post: operations["createCustomFilter"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/custom_filters/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show custom filter */
        get: operations["showCustomFilter"];
        /** Update custom filter */
        put: operations["updateCustomFilterByPut"];
        post?: never;
        /** Delete custom filter */
        delete: operations["deleteCustomFilter"];
        options?: never;
        head?: never;
        /** Update custom filter */
        patch: operations["updateCustomFilter"];
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/custom_roles": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List custom roles */
        get: operations["listCustomRoles"];
        put?: never;
        /** Create custom role */
        post: operations["createCustomRole"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/custom_roles/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show custom role */
        get: operations["showCustomRole"];
        /** Update custom role */
        put: operations["updateCustomRoleByPut"];
        post?: never;
        /** Delete custom role */
        delete: operations["deleteCustomRole"];
        options?: never;
        head?: never;
        /** Update custom role */
        patch: operations["updateCustomRole"];
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/inbox_members": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Add inbox members */
        post: operations["addInboxMembers"];
        /** Remove inbox members */
        delete: operations["removeInboxMembers"];
        options?: never;
        head?: never;
        /** Set inbox members */
        patch: operations["setInboxMembers"];
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/inbox_members/{inbox_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List inbox members */
        get: operations["listInboxMembers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/inboxes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List inboxes */
        get: operations["listInboxes"];
        put?: never;
        /** Create inbox */
        post: operations["createInbox"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/inboxes/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show inbox */
        get: operations["showInbox"];
        /** Update inbox */
        put: operations["updateInboxByPut"];
        post?: never;
        /** Delete inbox */
        delete: operations["deleteInbox"];
        options?: never;
        head?: never;
        /** Update inbox */
        patch: operations["updateInbox"];
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/inboxes/{id}/agent_bot": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show inbox bot */
        get: operations["showInboxBot"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/inboxes/{id}/assignable_agents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List inbox assignable agents */
        get: operations["listInboxAssignableAgents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/inboxes/{id}/avatar": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Delete inbox avatar */
        delete: operations["deleteInboxAvatar"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/inboxes/{id}/campaigns": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List inbox campaigns */
        get: operations["listInboxCampaigns"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/inboxes/{id}/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show health */
        get: operations["showHealth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/inboxes/{id}/register_number": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Register number */
        post: operations["registerNumber"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/inboxes/{id}/register_webhook": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Register webhook */
        post: operations["registerWebhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/inboxes/{id}/registration_attempts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List registration attempts */
        get: operations["listRegistrationAttempts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/inboxes/{id}/request_code": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Request code */
        post: operations["requestCode"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/inboxes/{id}/set_agent_bot": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Set inbox bot */
        post: operations["setInboxBot"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/inboxes/{id}/sync_templates": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sync templates */
        post: operations["syncTemplates"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/inboxes/{id}/verify_code": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Verify code */
        post: operations["verifyCode"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/inboxes/{id}/webhook_status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show webhook status */
        get: operations["showWebhookStatus"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/inboxes/{inbox_id}/assignment_policy": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show inbox assignment policy */
        get: operations["showInboxAssignmentPolicy"];
        put?: never;
        /** Set inbox assignment policy */
        post: operations["setInboxAssignmentPolicy"];
        /** Drop inbox assignment policy */
        delete: operations["dropInboxAssignmentPolicy"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/labels": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List labels */
        get: operations["listLabels"];
        put?: never;
        /** Create label */
        post: operations["createLabel"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/labels/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show label */
        get: operations["showLabel"];
        /** Update label */
        put: operations["updateLabelByPut"];
        post?: never;
        /** Delete label */
        delete: operations["deleteLabel"];
        options?: never;
        head?: never;
        /** Update label */
        patch: operations["updateLabel"];
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/macros": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List macros */
        get: operations["listMacros"];
        put?: never;
        /** Create macro */
        post: operations["createMacro"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/macros/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show macro */
        get: operations["showMacro"];
        /** Update macro */
        put: operations["updateMacroByPut"];
        post?: never;
        /** Delete macro */
        delete: operations["deleteMacro"];
        options?: never;
        head?: never;
        /** Update macro */
        patch: operations["updateMacro"];
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/macros/{id}/execute": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Execute macro */
        post: operations["executeMacro"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/notification_settings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show notification settings */
        get: operations["showNotificationSettings"];
        /** Update notification settings */
        put: operations["updateNotificationSettingsByPut"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Update notification settings */
        patch: operations["updateNotificationSettings"];
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/notifications": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List notifications */
        get: operations["listNotifications"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/notifications/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Read notification */
        put: operations["readNotificationByPut"];
        post?: never;
        /** Delete notification */
        delete: operations["deleteNotification"];
        options?: never;
        head?: never;
        /** Read notification */
        patch: operations["readNotification"];
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/notifications/{id}/snooze": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Snooze notification */
        post: operations["snoozeNotification"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/notifications/{id}/unread": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Unread notification */
        post: operations["unreadNotification"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/notifications/destroy_all": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Delete notifications */
        post: operations["deleteNotifications"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/notifications/read_all": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Read notifications */
        post: operations["readNotifications"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/notifications/unread_count": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Count notifications */
        get: operations["countNotifications"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/saml_settings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show SAML */
        get: operations["showSAML"];
        /** Update SAML */
        put: operations["updateSAMLByPut"];
        /** Create SAML */
        post: operations["createSAML"];
        /** Delete SAML */
        delete: operations["deleteSAML"];
        options?: never;
        head?: never;
        /** Update SAML */
        patch: operations["updateSAML"];
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Search all */
        get: operations["searchAll"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/search/articles": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Search article hits */
        get: operations["searchArticleHits"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/search/contacts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Search contact hits */
        get: operations["searchContactHits"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/search/conversations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Search conversation hits */
        get: operations["searchConversationHits"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/search/messages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Search messages */
        get: operations["searchMessages"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/teams": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List teams */
        get: operations["listTeams"];
        put?: never;
        /** Create team */
        post: operations["createTeam"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/teams/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show team */
        get: operations["showTeam"];
        /** Update team */
        put: operations["updateTeamByPut"];
        post?: never;
        /** Delete team */
        delete: operations["deleteTeam"];
        options?: never;
        head?: never;
        /** Update team */
        patch: operations["updateTeam"];
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/teams/{team_id}/team_members": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List team members */
        get: operations["listTeamMembers"];
        put?: never;
        /** Add team members */
        post: operations["addTeamMembers"];
        /** Remove team members */
        delete: operations["removeTeamMembers"];
        options?: never;
        head?: never;
        /** Set team members */
        patch: operations["setTeamMembers"];
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/upload": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Keep upload */
        post: operations["keepUpload"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/webhooks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List webhooks */
        get: operations["listWebhooks"];
        put?: never;
        /** Create webhook */
        post: operations["createWebhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/webhooks/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Update webhook */
        put: operations["updateWebhookByPut"];
        post?: never;
        /** Delete webhook */
        delete: operations["deleteWebhook"];
        options?: never;
        head?: never;
        /** Update webhook */
        patch: operations["updateWebhook"];
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/webhooks/{id}/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Test webhook */
        post: operations["testWebhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/webhooks/{webhook_id}/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List deliveries */
        get: operations["listDeliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/webhooks/{webhook_id}/deliveries/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show delivery */
        get: operations["showDelivery"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/webhooks/{webhook_id}/deliveries/{id}/redeliver": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Redeliver */
        post: operations["redeliver"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/whatsapp/authorization": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Authorize whats app */
        post: operations["authorizeWhatsApp"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{account_id}/working_hours/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Update working hour */
        put: operations["updateWorkingHourByPut"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Update working hour */
        patch: operations["updateWorkingHour"];
        trace?: never;
    };
    "/api/v1/accounts/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show account */
        get: operations["showAccount"];
        /** Update account */
        put: operations["updateAccountByPut"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Update account */
        patch: operations["updateAccount"];
        trace?: never;
    };
    "/api/v1/accounts/{id}/cache_keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show cache keys */
        get: operations["showCacheKeys"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{id}/update_active_at": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Activate account */
        post: operations["activateAccount"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/saml_login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Saml login */
        post: operations["samlLogin"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notification_subscriptions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Create subscription */
        post: operations["createSubscription"];
        /** Delete subscription */
        delete: operations["deleteSubscription"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/operator/channels": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All inboxes of the installation, the worst first */
        get: operations["listOperatorChannels"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/operator/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Replies that wait for their provider, that failed, or the last tries of this process */
        get: operations["listOperatorDeliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/operator/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Events in the queue by their state; dead letters with their groups */
        get: operations["listOperatorEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/operator/events/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** An event in the queue with what it holds, without secrets */
        get: operations["showOperatorEvent"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/operator/events/{id}/discard": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Removes a dead letter for good */
        post: operations["discardOperatorEvent"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/operator/events/{id}/replay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Puts a dead letter, or an event that was applied, back into the queue */
        post: operations["replayOperatorEvent"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/operator/events/replay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Replays dead letters that match, some hundreds a call; counts them when dry_run is true */
        post: operations["replayOperatorEvents"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/operator/overview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How the installation is doing, the worst part first */
        get: operations["showOperatorOverview"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/operator/queue": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Partitions of the queue, those first where nothing moves, and lanes of deferred work */
        get: operations["showOperatorQueue"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/profile": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show profile */
        get: operations["showProfile"];
        /** Update profile */
        put: operations["updateProfileByPut"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Update profile */
        patch: operations["updateProfile"];
        trace?: never;
    };
    "/api/v1/profile/auto_offline": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Set auto offline */
        post: operations["setAutoOffline"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/profile/availability": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Set availability */
        post: operations["setAvailability"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/profile/avatar": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Delete profile avatar */
        delete: operations["deleteProfileAvatar"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/profile/mfa": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show MFA */
        get: operations["showMFA"];
        put?: never;
        /** Create MFA */
        post: operations["createMFA"];
        /** Delete MFA */
        delete: operations["deleteMFA"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/profile/mfa/backup_codes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Create backup codes */
        post: operations["createBackupCodes"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/profile/mfa/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Verify MFA */
        post: operations["verifyMFA"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/profile/resend_confirmation": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Resend confirmation */
        post: operations["resendConfirmation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/profile/reset_access_token": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Reset access token */
        post: operations["resetAccessToken"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/profile/set_active_account": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Set active account */
        put: operations["setActiveAccount"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/accounts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sign up briefly */
        post: operations["signUpBriefly"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/enterprise/api/v1/accounts/{id}/limits": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Account limits */
        get: operations["accountLimits"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        Account: {
            cache_keys: components["schemas"]["CacheKeys"];
            /** Format: date-time */
            created_at: string | null;
            custom_attributes?: {
                [key: string]: unknown;
            };
            domain: string | null;
            features: {
                [key: string]: boolean;
            };
            id: number;
            locale: string;
            name: string;
            settings: Record<string, unknown>;
            status: string;
            support_email: string | null;
        };
        AccountShown: {
            cache_keys: components["schemas"]["CacheKeys"];
            /** Format: date-time */
            created_at: string | null;
            custom_attributes?: {
                [key: string]: unknown;
            };
            domain: string | null;
            features: {
                [key: string]: boolean;
            };
            id: number;
            latest_chatwoot_version: string | null;
            locale: string;
            name: string;
            settings: Record<string, unknown>;
            status: string;
            subscribed_features: string[] | null;
            support_email: string | null;
        };
        AccountUser: {
            account_id: number;
            /** Format: date-time */
            active_at: string | null;
            agent_capacity_policy_id: number | null;
            auto_offline: boolean;
            availability: string;
            /** Format: date-time */
            created_at: string | null;
            custom_role_id: number | null;
            id: number;
            inviter_id: number | null;
            role: string;
            /** Format: date-time */
            updated_at: string | null;
            user_id: number;
        };
        Action: {
            action_name: string;
            action_params: unknown[];
        };
        ActionRefusal: Record<string, unknown>;
        Agent: {
            account_id: number | null;
            auto_offline: boolean | null;
            availability_status: string | null;
            available_name: string;
            confirmed: boolean;
            custom_attributes?: Record<string, unknown>;
            custom_role_id: number | null;
            email: string;
            id: number;
            name: string;
            provider: string;
            role: string | null;
            thumbnail: string;
        };
        AgentBot: {
            access_token?: string;
            account_id: number | null;
            bot_config: Record<string, unknown>;
            bot_type: string;
            description: string | null;
            id: number;
            name: string | null;
            outgoing_url?: string | null;
            system_bot: boolean;
            thumbnail: string;
        };
        AgentHit: {
            available_name: string;
            email: string;
            id: number;
            name: string;
            role: string;
        };
        AgentInput: {
            auto_offline?: boolean | null;
            availability?: string | null;
            custom_role_id?: string | null;
            email?: string | null;
            name?: string | null;
            role?: string | null;
        };
        AgentListPayload: {
            payload: components["schemas"]["Agent"][];
        };
        Announced: {
            byte_size?: number;
            checksum?: string;
            content_type?: string;
            filename?: string;
            metadata?: unknown;
        };
        ArticleHit: {
            account_id: number;
            category_name: string | null;
            content: string | null;
            id: number;
            locale: string;
            portal_slug: string;
            slug: string;
            title: string;
        };
        Assign: components["schemas"]["Agent"] | components["schemas"]["AssignedTeam"] | null;
        AssignedTeam: {
            account_id: number;
            allow_auto_assign: boolean;
            /** Format: date-time */
            created_at: string | null;
            description: string | null;
            id: number;
            name: string;
            /** Format: date-time */
            updated_at: string | null;
        };
        Assignment: {
            max_assignment_limit?: number | string | null;
        };
        AssignmentPolicy: {
            assigned_inbox_count: number;
            assignment_order: string;
            conversation_priority: string;
            /** @description Unix seconds; 0: never */
            created_at: number;
            description: string | null;
            enabled: boolean;
            fair_distribution_limit: number;
            fair_distribution_window: number;
            id: number;
            name: string;
            /** @description Unix seconds; 0: never */
            updated_at: number;
        };
        AssignmentPolicyInput: {
            assignment_order?: string | null;
            conversation_priority?: string | null;
            description?: string | null;
            enabled?: boolean | null;
            fair_distribution_limit?: number | null;
            fair_distribution_window?: number | null;
            name?: string | null;
        };
        Assistant: {
            assistant: components["schemas"]["AssistantName"] | null;
        };
        AssistantName: {
            id: number;
            name: string;
        };
        Attachment: {
            account_id: number;
            coordinates_lat?: number | null;
            coordinates_long?: number | null;
            data_url?: string | null;
            extension?: string | null;
            fallback_title?: string | null;
            file_size?: number;
            /** @enum {string} */
            file_type: "image" | "audio" | "video" | "file" | "location" | "fallback" | "share" | "story_mention" | "contact" | "ig_reel";
            height?: number | null;
            id: number;
            message_id: number;
            meta?: Record<string, unknown>;
            thumb_url?: string;
            transcribed_text?: string;
            width?: number | null;
        };
        Attempt: {
            actor_user_id: number | null;
            call?: string;
            code: number | null;
            decision_row: string;
            fbtrace_id: string | null;
            finished_at: string | null;
            health_before: Record<string, unknown> | null;
            http_status: number | null;
            id: number;
            inbox_id: number;
            message: string | null;
            next_attempt_at: string | null;
            phone_number_id: string;
            result: string;
            started_at: string;
            subcode: number | null;
            title: string | null;
            trigger: string;
        };
        AttemptListPayload: {
            payload: components["schemas"]["Attempt"][];
        };
        Audit: {
            action: string;
            associated_id: number;
            associated_type: string;
            auditable: Record<string, unknown> | null;
            auditable_id: number;
            auditable_type: string;
            audited_changes: Record<string, unknown>;
            comment: string | null;
            /** @description Unix seconds; 0: never */
            created_at: number;
            id: number;
            remote_address: string | null;
            request_uuid: string;
            user_id: number | null;
            user_type: string | null;
            username: string | null;
            version: number;
        };
        Audits: {
            audit_logs: components["schemas"]["Audit"][];
            current_page: number;
            per_page: number;
            total_entries: number;
        };
        Authorized: {
            channel_type: string;
            id: number;
            message?: string;
            name: string;
            registration: components["schemas"]["Registration"];
            success: boolean;
        };
        BackupCodes: {
            backup_codes: string[];
        };
        BotPush: {
            avatar_url: string;
            id: number;
            name: string | null;
            /** @enum {string} */
            type: "agent_bot";
        };
        BulkAction: {
            created_at: number;
            done: number;
            failed: number;
            failures: components["schemas"]["BulkFailure"][];
            finished_at: number | null;
            id: number;
            state: string;
            total: number;
        };
        BulkFailure: {
            error: string;
            id: number;
        };
        BulkRefused: {
            success: boolean;
        };
        CacheKeys: {
            inbox: string;
            label: string;
            team: string;
        };
        CacheKeysOut: {
            cache_keys: components["schemas"]["CacheKeys"];
        };
        Campaign: {
            account_id: number;
            audience?: unknown[];
            campaign_status: string;
            campaign_type: string;
            /** Format: date-time */
            created_at: string | null;
            description: string | null;
            enabled: boolean;
            id: number;
            inbox: components["schemas"]["Inbox"];
            message: string;
            /** @description Unix seconds; 0: never */
            scheduled_at?: number;
            sender?: components["schemas"]["Agent"];
            template_params: Record<string, unknown> | null;
            title: string;
            trigger_only_during_business_hours: boolean;
            trigger_rules: Record<string, unknown>;
            /** Format: date-time */
            updated_at: string | null;
        };
        CannedFile: {
            content_type: string;
            data_url: string;
            file_size: number;
            file_type: string;
            filename: string;
            height: number | null;
            id: number;
            signed_id: string;
            thumb_url: string;
            width: number | null;
        };
        CannedResponse: {
            account_id: number;
            attachments: components["schemas"]["CannedFile"][];
            content: string;
            /** Format: date-time */
            created_at: string | null;
            id: number;
            short_code: string;
            /** Format: date-time */
            updated_at: string | null;
        };
        CannedResponseInput: {
            attachments?: string[] | null;
            content?: string | null;
            short_code?: string | null;
        };
        CapacityLimit: {
            agent_capacity_policy_id: number;
            conversation_limit: number;
            /** @description Unix seconds; 0: never */
            created_at: number;
            id: number;
            inbox_id: number;
            inbox_name?: string | null;
            /** @description Unix seconds; 0: never */
            updated_at: number;
        };
        CapacityLimitSlim: {
            conversation_limit: number;
            id: number;
            inbox_id: number;
        };
        CapacityPolicy: {
            account_id: number;
            assigned_agent_count: number;
            /** @description Unix seconds; 0: never */
            created_at: number;
            description: string | null;
            exclusion_rules: components["schemas"]["ExclusionRules"];
            id: number;
            inbox_capacity_limits: components["schemas"]["CapacityLimitSlim"][];
            name: string;
            /** @description Unix seconds; 0: never */
            updated_at: number;
        };
        CapacityPolicyInput: {
            description?: string | null;
            exclusion_rules?: components["schemas"]["ExclusionRulesInput"] | null;
            name?: string | null;
        };
        Captcha: {
            error: string;
            status: number;
        };
        Contact: {
            additional_attributes: Record<string, unknown>;
            availability_status: string;
            blocked: boolean;
            contact_inboxes?: components["schemas"]["ContactInbox"][];
            /** @description Unix seconds; 0: never */
            created_at: number;
            custom_attributes: Record<string, unknown>;
            email: string | null;
            id: number;
            identifier: string | null;
            /** @description Unix seconds; 0: never */
            last_activity_at?: number;
            name: string;
            phone_number: string | null;
            thumbnail: string;
        };
        ContactHit: {
            email: string | null;
            id: number;
            identifier: string | null;
            name: string;
            phone_number: string | null;
        };
        ContactImport: {
            /** @description Unix seconds; 0: never */
            created_at: number;
            failed_records: number;
            failed_records_url: string;
            file_name: string;
            /** @description Unix seconds; 0: never */
            finished_at: number;
            id: number;
            processed_records: number;
            status: string;
            total_records: number;
            /** @description Unix seconds; 0: never */
            updated_at: number;
            user_id: number | null;
        };
        ContactImportListPayload: {
            payload: components["schemas"]["ContactImport"][];
        };
        ContactInbox: {
            inbox: components["schemas"]["InboxSlim"];
            source_id: string;
        };
        ContactInboxListPayload: {
            payload: components["schemas"]["ContactInbox"][];
        };
        ContactList: {
            meta: components["schemas"]["ContactListMeta"];
            payload: components["schemas"]["Contact"][];
        };
        ContactListMeta: {
            count: number | null;
            current_page: string | number;
        };
        ContactPayload: {
            payload: components["schemas"]["Contact"];
        };
        ContactPush: {
            additional_attributes: Record<string, unknown>;
            blocked: boolean;
            custom_attributes: Record<string, unknown>;
            email: string | null;
            id: number;
            identifier: string | null;
            name: string;
            phone_number: string | null;
            thumbnail: string;
            type: string;
        };
        Conversation: {
            account_id: number;
            additional_attributes: Record<string, unknown>;
            /** @description Unix seconds; 0: never */
            agent_last_seen_at: number;
            /** @description Unix seconds; 0: never */
            assignee_last_seen_at: number;
            can_reply: boolean;
            /** @description Unix seconds; 0: never */
            contact_last_seen_at: number;
            /** @description Unix seconds; 0: never */
            created_at: number;
            custom_attributes: Record<string, unknown>;
            /** @description Unix seconds; 0: never */
            first_reply_created_at: number;
            id: number;
            inbox_id: number;
            labels: string[];
            /** @description Unix seconds; 0: never */
            last_activity_at: number;
            last_non_activity_message: components["schemas"]["MessagePush"] | null;
            messages: components["schemas"]["MessagePush"][];
            meta: components["schemas"]["ConversationMeta"];
            muted: boolean;
            /** @enum {string|null} */
            priority: "low" | "medium" | "high" | "urgent" | null;
            sla_policy_id: number | null;
            /** Format: date-time */
            snoozed_until: string | null;
            /** @enum {string} */
            status: "open" | "resolved" | "pending" | "snoozed";
            /** @description Unix seconds; 0: never */
            timestamp: number;
            unread_count: number;
            /** @description Unix seconds; 0: never */
            updated_at: number;
            uuid: string;
            /** @description Unix seconds; 0: never */
            waiting_since: number;
        };
        ConversationAttributes: {
            custom_attributes: Record<string, unknown>;
        };
        ConversationCounts: {
            all_count: number;
            assigned_count: number;
            mine_count: number;
            unassigned_count: number;
        };
        ConversationFile: {
            /** @description Unix seconds; 0: never */
            created_at: number;
            data_url: string;
            extension: string | null;
            file_size: number;
            /** @enum {string} */
            file_type: "image" | "audio" | "video" | "file" | "location" | "fallback" | "share" | "story_mention" | "contact" | "ig_reel";
            height: number | null;
            message_id: number;
            sender?: components["schemas"]["UserPush"] | components["schemas"]["ContactPush"] | components["schemas"]["BotPush"];
            thumb_url: string;
            width: number | null;
        };
        ConversationFileList: {
            meta: {
                total_count: number;
            };
            payload: components["schemas"]["ConversationFile"][];
        };
        ConversationHit: {
            account_id: number;
            additional_attributes?: Record<string, unknown>;
            agent?: components["schemas"]["AgentHit"];
            contact: components["schemas"]["ContactHit"];
            /** @description Unix seconds; 0: never */
            created_at: number;
            id: number;
            inbox: components["schemas"]["InboxMini"];
            message?: components["schemas"]["Message"];
        };
        ConversationList: {
            data: {
                meta: components["schemas"]["ConversationCounts"];
                payload: components["schemas"]["Conversation"][];
            };
        };
        ConversationListPayload: {
            payload: components["schemas"]["Conversation"][];
        };
        ConversationMeta: {
            assignee?: components["schemas"]["Agent"];
            channel: string;
            hmac_verified: boolean;
            sender: components["schemas"]["Contact"];
            team?: components["schemas"]["Team"];
        };
        ConversationMetaOut: {
            meta: components["schemas"]["ConversationCounts"];
        };
        ConversationSaying: {
            account_id: number;
            contact: components["schemas"]["Named"];
            /** @description Unix seconds; 0: never */
            created_at: number;
            id: number;
            inbox: components["schemas"]["SayingInbox"];
            messages: components["schemas"]["SaidMessage"][];
            uuid: string;
        };
        CreatedAddress: {
            inbox: components["schemas"]["InboxRecord"] | null;
            source_id: string | null;
        };
        CreatedContact: {
            contact: components["schemas"]["Contact"];
            contact_inbox: components["schemas"]["CreatedAddress"];
        };
        CreatedContactPayload: {
            payload: components["schemas"]["CreatedContact"];
        };
        Csat: {
            display_type?: string | null;
            message?: string | null;
            survey_rules?: {
                operator: string | null;
                values: string[];
            };
        };
        CustomAttribute: {
            attribute_description: string | null;
            attribute_display_name: string;
            attribute_display_type: string;
            attribute_key: string;
            attribute_model: string;
            attribute_values: unknown[];
            /** Format: date-time */
            created_at: string | null;
            default_value: number | null;
            id: number;
            regex_cue: string | null;
            regex_pattern: string | null;
            /** Format: date-time */
            updated_at: string | null;
        };
        CustomAttributeInput: {
            attribute_description?: string | null;
            attribute_display_name?: string | null;
            attribute_display_type?: string | null;
            attribute_key?: string | null;
            attribute_model?: string | null;
            attribute_values?: string[] | null;
            regex_cue?: string | null;
            regex_pattern?: string | null;
        };
        CustomFilter: {
            /** Format: date-time */
            created_at: string | null;
            filter_type: string;
            id: number;
            name: string;
            query: Record<string, unknown>;
            /** Format: date-time */
            updated_at: string | null;
        };
        CustomFilterInput: {
            filter_type?: string | null;
            name?: string | null;
            query?: {
                [key: string]: unknown;
            } | null;
        };
        CustomRole: {
            /** Format: date-time */
            created_at: string | null;
            description: string | null;
            id: number;
            name: string;
            permissions: string[];
            /** Format: date-time */
            updated_at: string | null;
        };
        CustomRoleInput: {
            description?: string | null;
            name?: string | null;
            permissions?: string[] | null;
        };
        Deliveries: {
            meta: {
                next_cursor: number | null;
            };
            payload: {
                deliveries: components["schemas"]["Delivery"][];
            };
        };
        Delivery: {
            attempts: number;
            /** Format: date-time */
            created_at: string | null;
            delivery: string;
            duration_ms: number | null;
            error: string | null;
            event: string;
            /** Format: date-time */
            finished_at: string | null;
            id: number;
            max_attempts: number;
            /** Format: date-time */
            next_attempt_at: string | null;
            redelivery_of: number | null;
            response_status: number | null;
            /** @enum {string} */
            state: "pending" | "delivered" | "failed";
        };
        DeliveryDetail: {
            attempts: number;
            /** Format: date-time */
            created_at: string | null;
            delivery: string;
            duration_ms: number | null;
            error: string | null;
            event: string;
            /** Format: date-time */
            finished_at: string | null;
            id: number;
            max_attempts: number;
            /** Format: date-time */
            next_attempt_at: string | null;
            payload: Record<string, unknown> | null;
            redelivery_of: number | null;
            response_status: number | null;
            /** @enum {string} */
            state: "pending" | "delivered" | "failed";
        };
        DeliveryEnvelope: {
            payload: {
                delivery: components["schemas"]["DeliveryDetail"];
            };
        };
        DirectUpload: {
            attachable_sgid: string;
            byte_size: number;
            checksum: string;
            content_type: string;
            /** Format: date-time */
            created_at: string | null;
            direct_upload: {
                headers: {
                    [key: string]: string;
                };
                url: string;
            };
            filename: string;
            id: number;
            key: string;
            metadata: Record<string, unknown>;
            service_name: string;
            signed_id: string;
        };
        Draft: {
            has_draft: boolean;
            message?: string;
        };
        Error: {
            error: string;
        };
        ErrorDetails: {
            code: number | null;
            http_status: number | null;
            message: string;
            subcode: number | null;
            type: string;
        };
        ErrorOut: {
            error: string;
        };
        Errors: {
            errors: string[];
        };
        ExclusionRules: {
            exclude_older_than_hours?: number;
            excluded_labels?: string[];
        };
        ExclusionRulesInput: {
            exclude_older_than_hours?: number | null;
            excluded_labels?: string[] | null;
        };
        FieldErrors: {
            errors: {
                [key: string]: string[];
            };
            status: string;
        };
        FilterCounts: {
            all_count: number;
            mine_count: number;
            unassigned_count: number;
        };
        FilteredConversations: {
            meta: components["schemas"]["FilterCounts"];
            payload: components["schemas"]["Conversation"][];
        };
        Health: {
            account_mode: string | null;
            alerts: unknown[] | null;
            business_account_id: string | null;
            business_account_name: string | null;
            business_id: string | null;
            business_portfolio_id: string | null;
            business_portfolio_name: string | null;
            calling?: Record<string, unknown> | null;
            code_verification_status: string | null;
            display_phone_number: string | null;
            expected_webhook_url: string | null;
            health_checked_at: string | null;
            health_status: Record<string, unknown> | null;
            id: string | null;
            is_on_biz_app: boolean | null;
            last_onboarded_time: string | null;
            messaging_limit_tier: string | null;
            name_status: string | null;
            new_name_status: string | null;
            platform_type: string | null;
            quality_rating: string | null;
            registration: components["schemas"]["Registration"];
            status: string | null;
            throughput: Record<string, unknown> | null;
            throughput_level: string | null;
            verified_name: string | null;
            webhook_configuration: Record<string, unknown> | null;
        };
        HealthProblem: {
            error: string;
            error_details: components["schemas"]["ErrorDetails"];
            last_known: components["schemas"]["Health"] | null;
        };
        HelpCenter: {
            name: string;
            slug: string;
        };
        HoursInput: {
            close_hour?: number | null;
            close_minutes?: number | null;
            closed_all_day?: boolean | null;
            open_all_day?: boolean | null;
            open_hour?: number | null;
            open_minutes?: number | null;
        };
        Inbox: {
            account_sid?: string;
            additional_attributes?: Record<string, unknown>;
            allow_messages_after_resolved: boolean;
            allowed_domains: string | null;
            auth_token?: string;
            auto_assignment_config: components["schemas"]["Assignment"];
            avatar_url: string;
            bot_name?: string;
            business_name: string | null;
            callback_webhook_url: string | null;
            channel_id: number;
            /** @enum {string} */
            channel_type: "Channel::WebWidget" | "Channel::Api" | "Channel::Email" | "Channel::Line" | "Channel::Telegram" | "Channel::Sms" | "Channel::Whatsapp" | "Channel::Voice" | "Channel::TwilioSms" | "Channel::FacebookPage" | "Channel::Instagram" | "Channel::TwitterProfile";
            content_templates?: Record<string, unknown>;
            continuity_via_email?: boolean;
            csat_config: components["schemas"]["Csat"];
            csat_survey_enabled: boolean;
            email?: string | null;
            enable_auto_assignment: boolean;
            enable_email_collect: boolean;
            forward_to_email?: string | null;
            greeting_enabled: boolean;
            greeting_message: string | null;
            help_center?: components["schemas"]["HelpCenter"];
            hmac_mandatory: boolean | null;
            hmac_token?: string;
            id: number;
            imap_address?: string | null;
            imap_enable_ssl?: boolean;
            imap_enabled?: boolean;
            imap_login?: string | null;
            imap_password?: string | null;
            imap_port?: number | null;
            inbox_identifier?: string;
            instagram_id?: string;
            lock_to_single_conversation: boolean;
            /** @enum {string} */
            medium?: "sms" | "whatsapp";
            message_templates?: Record<string, unknown> | unknown[];
            messaging_service_sid: string | null;
            name: string;
            out_of_office_message: string | null;
            page_id?: string;
            phone_number: string | null;
            pre_chat_form_enabled?: boolean;
            pre_chat_form_options?: Record<string, unknown> | null;
            provider: string | null;
            provider_config?: Record<string, unknown>;
            reauthorization_required?: boolean;
            registration?: string;
            registration_error?: string | null;
            /** @enum {string|null} */
            reply_time: "in_a_few_minutes" | "in_a_few_hours" | "in_a_day" | null;
            selected_feature_flags: string[] | null;
            /** @enum {string} */
            sender_name_type: "friendly" | "professional";
            signature_mode?: string;
            smtp_address?: string | null;
            smtp_authentication?: string | null;
            smtp_domain?: string | null;
            smtp_enable_ssl_tls?: boolean;
            smtp_enable_starttls_auto?: boolean;
            smtp_enabled?: boolean;
            smtp_login?: string | null;
            smtp_openssl_verify_mode?: string | null;
            smtp_password?: string | null;
            smtp_port?: number | null;
            timezone: string;
            tweets_enabled?: boolean;
            voice_call_webhook_url?: string;
            voice_status_webhook_url?: string;
            web_widget_script: string | null;
            webhook_secret_missing?: string;
            webhook_url?: string | null;
            website_token: string | null;
            website_url: string | null;
            welcome_tagline: string | null;
            welcome_title: string | null;
            widget_color: string | null;
            working_hours: components["schemas"]["WorkingHour"][];
            working_hours_enabled: boolean;
        };
        InboxBot: {
            agent_bot?: components["schemas"]["AgentBot"];
        };
        InboxData: {
            data: components["schemas"]["Inbox"];
        };
        Inboxes: {
            inboxes: components["schemas"]["Inbox"][];
        };
        InboxListPayload: {
            payload: components["schemas"]["Inbox"][];
        };
        InboxMini: {
            channel_id: number;
            channel_type: string;
            id: number;
            name: string;
        };
        InboxPolicy: {
            assignment_policy_id: number;
            /** @description Unix seconds; 0: never */
            created_at: number;
            id: number;
            inbox_id: number;
            /** @description Unix seconds; 0: never */
            updated_at: number;
        };
        InboxRecord: {
            account_id: number;
            allow_messages_after_resolved: boolean;
            auto_assignment_config: Record<string, unknown>;
            business_name: string | null;
            channel_id: number;
            channel_type: string;
            /** Format: date-time */
            created_at: string | null;
            csat_config: Record<string, unknown>;
            csat_survey_enabled: boolean;
            email_address: string | null;
            enable_auto_assignment: boolean;
            enable_email_collect: boolean;
            greeting_enabled: boolean;
            greeting_message: string | null;
            id: number;
            lock_to_single_conversation: boolean;
            name: string;
            out_of_office_message: string | null;
            portal_id: number | null;
            /** @enum {string} */
            sender_name_type: "friendly" | "professional";
            timezone: string;
            /** Format: date-time */
            updated_at: string | null;
            working_hours_enabled: boolean;
        };
        InboxSlim: {
            avatar_url: string;
            channel_id: number;
            channel_type: string;
            id: number;
            name: string;
            provider: string | null;
        };
        Info: {
            data_services: string;
            queue_services: string;
            timestamp: string;
            version: string;
        };
        Invalid: {
            attributes: string[];
            message: string;
        };
        KeptUpload: {
            blob_id: number;
            blob_key: string;
            file_url: string;
        };
        Label: {
            color: string;
            description: string | null;
            id: number;
            show_on_sidebar: boolean | null;
            title: string;
        };
        LabelInput: {
            color?: string | null;
            description?: string | null;
            show_on_sidebar?: boolean | null;
            title?: string | null;
        };
        LabelList: {
            payload: string[];
        };
        LabelListPayload: {
            payload: components["schemas"]["Label"][];
        };
        Listed: {
            errors: string[];
        };
        Macro: {
            account_id: number;
            actions: components["schemas"]["Action"][];
            created_by?: components["schemas"]["Agent"];
            files?: components["schemas"]["MacroFile"][];
            id: number;
            name: string;
            updated_by?: components["schemas"]["Agent"];
            visibility: string;
        };
        MacroFile: {
            account_id: number;
            blob_id: number;
            file_type: string;
            file_url: string;
            filename: string;
            id: number;
            macro_id: number;
        };
        MacroListPayload: {
            payload: components["schemas"]["Macro"][];
        };
        MacroPayload: {
            payload: components["schemas"]["Macro"];
        };
        Membership: {
            /** Format: date-time */
            active_at: string | null;
            auto_offline: boolean;
            availability: string;
            availability_status: string;
            custom_role: components["schemas"]["MembershipRole"] | null;
            custom_role_id: number | null;
            id: number;
            name: string;
            permissions: string[];
            role: string;
            status: string;
        };
        MembershipRole: {
            description: string | null;
            id: number;
            name: string;
            permissions: string[];
        };
        Message: {
            attachments?: components["schemas"]["Attachment"][];
            content: string | null;
            content_attributes: Record<string, unknown>;
            /** @enum {string} */
            content_type: "text" | "input_text" | "input_textarea" | "input_email" | "input_select" | "cards" | "form" | "article" | "incoming_email" | "input_csat" | "integrations" | "sticker" | "voice_call";
            conversation_id: number;
            /** @description Unix seconds; 0: never */
            created_at: number;
            echo_id?: unknown;
            id: number;
            inbox_id: number;
            /**
             * @description incoming, outgoing, activity, template
             * @enum {integer}
             */
            message_type: 0 | 1 | 2 | 3;
            private: boolean;
            sender?: components["schemas"]["UserPush"] | components["schemas"]["ContactPush"] | components["schemas"]["BotPush"];
            source_id: string | null;
            /** @enum {string} */
            status: "sent" | "delivered" | "read" | "failed";
        };
        MessageInput: {
            attachments?: string[];
            bcc_emails?: unknown;
            campaign_id?: number | null;
            cc_emails?: unknown;
            content?: string | null;
            content_attributes?: unknown;
            content_type?: string;
            echo_id?: unknown;
            external_created_at?: unknown;
            message_type?: string;
            private?: boolean;
            sender_id?: unknown;
            sender_type?: string;
            source_id?: string;
            template_params?: {
                [key: string]: unknown;
            };
            to_emails?: unknown;
        };
        MessageList: {
            meta: components["schemas"]["MessageListMeta"];
            payload: components["schemas"]["Message"][];
        };
        MessageListMeta: {
            additional_attributes: Record<string, unknown>;
            /** Format: date-time */
            agent_last_seen_at: string | null;
            assignee?: components["schemas"]["UserPush"];
            /** Format: date-time */
            assignee_last_seen_at: string | null;
            contact: components["schemas"]["ContactPush"];
            labels: string[];
        };
        MessagePush: {
            account_id: number;
            additional_attributes: Record<string, unknown>;
            attachments?: components["schemas"]["Attachment"][];
            content: string | null;
            content_attributes: Record<string, unknown>;
            /** @enum {string} */
            content_type: "text" | "input_text" | "input_textarea" | "input_email" | "input_select" | "cards" | "form" | "article" | "incoming_email" | "input_csat" | "integrations" | "sticker" | "voice_call";
            conversation: components["schemas"]["MessageThreadPush"];
            conversation_id: number;
            /** @description Unix seconds; 0: never */
            created_at: number;
            echo_id?: unknown;
            external_source_ids: Record<string, unknown>;
            id: number;
            inbox_id: number;
            /**
             * @description incoming, outgoing, activity, template
             * @enum {integer}
             */
            message_type: 0 | 1 | 2 | 3;
            private: boolean;
            processed_message_content: string | null;
            sender?: components["schemas"]["UserPush"] | components["schemas"]["ContactPush"] | components["schemas"]["BotPush"];
            sender_id: number | null;
            sender_type: string | null;
            sentiment: Record<string, unknown>;
            source_id: string | null;
            /** @enum {string} */
            status: "sent" | "delivered" | "read" | "failed";
            /** Format: date-time */
            updated_at: string | null;
        };
        MessageText: {
            message: string;
        };
        MessageThreadPush: {
            assignee_id: number | null;
            contact_inbox: {
                source_id: string;
            };
            /** @description Unix seconds; 0: never */
            last_activity_at: number;
            unread_count: number;
        };
        Mfa: {
            backup_codes_generated: boolean;
            enabled: boolean;
            feature_available: boolean;
        };
        MfaChanged: {
            backup_codes?: string[];
            enabled: boolean;
        };
        MfaRequired: {
            mfa_required: boolean;
            mfa_token: string;
        };
        Named: {
            id: number;
            name: string;
        };
        NamedPush: {
            id: number;
            name: string;
        };
        Note: {
            account_id: number;
            contact_id: number;
            content: string;
            /** @description Unix seconds; 0: never */
            created_at: number;
            id: number;
            /** @description Unix seconds; 0: never */
            updated_at: number;
            user?: components["schemas"]["Agent"];
        };
        NoteInput: {
            content?: string | null;
        };
        NotificationFlagsInput: {
            selected_email_flags?: string[];
            selected_push_flags?: string[];
        };
        NotificationItem: {
            created_at: number;
            id: number;
            last_activity_at: number;
            meta: components["schemas"]["NotificationMeta"];
            notification_type: string;
            primary_actor: {
                [key: string]: unknown;
            };
            primary_actor_id: number;
            primary_actor_type: string;
            push_message_body: string;
            push_message_title: string;
            read_at: string | null;
            secondary_actor: Record<string, unknown> | null;
            snoozed_until: string | null;
            user: Record<string, unknown> | null;
        };
        NotificationList: {
            data: components["schemas"]["NotificationListData"];
        };
        NotificationListData: {
            meta: components["schemas"]["NotificationListMeta"];
            payload: components["schemas"]["NotificationItem"][];
        };
        NotificationListMeta: {
            count: number;
            current_page: string | number;
            unread_count: number;
        };
        NotificationMeta: {
            last_snoozed_at: string | null;
        };
        NotificationRow: {
            account_id: number;
            /** Format: date-time */
            created_at: string | null;
            id: number;
            /** Format: date-time */
            last_activity_at: string | null;
            meta: components["schemas"]["NotificationMeta"];
            notification_type: string;
            primary_actor_id: number;
            primary_actor_type: string;
            /** Format: date-time */
            read_at: string | null;
            secondary_actor_id: number | null;
            secondary_actor_type: string | null;
            /** Format: date-time */
            snoozed_until: string | null;
            /** Format: date-time */
            updated_at: string | null;
            user_id: number;
        };
        NotificationSettings: {
            account_id: number;
            all_email_flags: string[];
            all_push_flags: string[];
            id: number;
            selected_email_flags: string[];
            selected_push_flags: string[];
            user_id: number;
        };
        OperatorAway: {
            error: string;
        };
        OperatorChannel: {
            account_id: number;
            breaker: string | null;
            channel: string;
            inbox_id: number;
            /** Format: date-time */
            last_in_at: string | null;
            /** Format: date-time */
            last_out_at: string | null;
            name: string;
            /** Format: date-time */
            paused_until: string | null;
            problems: string[];
            registration: string | null;
            registration_error: string | null;
            rejected_24h: {
                [key: string]: number;
            };
            send_hold: string | null;
            signature_mode: string | null;
            /** @enum {string} */
            state: "bad" | "warning" | "good";
            title: string;
            /** @enum {string} */
            token: "ok" | "errors" | "reauthorization_required";
            /** Format: date-time */
            verified_at: string | null;
            whatsapp: components["schemas"]["OperatorNumber"] | null;
        };
        OperatorChannels: {
            channels: components["schemas"]["OperatorChannel"][];
            more: boolean;
            page: number;
            per_page: number;
            total: number;
        };
        OperatorDeliveries: {
            attempts_known: boolean;
            deliveries: components["schemas"]["OperatorDelivery"][];
            more: boolean;
            page: number;
            per_page: number;
        };
        OperatorDelivery: {
            account_id: number;
            /** Format: date-time */
            at: string | null;
            attempts: number | null;
            breaker: string | null;
            channel: string;
            class: string | null;
            code: string | null;
            conversation_id: number | null;
            /** Format: date-time */
            deadline_at: string | null;
            error: string | null;
            inbox_id: number;
            inbox_name: string | null;
            message_id: number;
            /** Format: date-time */
            next_at: string | null;
            verdict: string;
        };
        OperatorEvent: {
            account_id: number | null;
            /** Format: date-time */
            appended_at: string | null;
            attempts: number;
            channel: string;
            /** Format: date-time */
            died_at: string | null;
            /** Format: date-time */
            due_at: string | null;
            group: string | null;
            id: string;
            inbox_id: number | null;
            inbox_name: string | null;
            kind: string | null;
            partition: number;
            reason: string | null;
            /** @enum {string} */
            state: "dead" | "pending" | "delayed" | "waiting" | "done";
            summary: string | null;
        };
        OperatorEventDetail: {
            account_id: number | null;
            /** Format: date-time */
            appended_at: string | null;
            attempts: number;
            body: string | null;
            body_bytes: number;
            body_cut: boolean;
            channel: string;
            damaged: string | null;
            /** Format: date-time */
            died_at: string | null;
            /** Format: date-time */
            due_at: string | null;
            event: Record<string, unknown> | null;
            group: string | null;
            id: string;
            inbox_id: number | null;
            inbox_name: string | null;
            kind: string | null;
            partition: number;
            reason: string | null;
            /** @enum {string} */
            state: "dead" | "pending" | "delayed" | "waiting" | "done";
            summary: string | null;
        };
        OperatorEvents: {
            events: components["schemas"]["OperatorEvent"][];
            groups: components["schemas"]["OperatorGroup"][];
            more: boolean;
            page: number;
            partial: boolean;
            per_page: number;
            total: number | null;
        };
        OperatorFigures: {
            depth: number | null;
            events_per_second: number | null;
            oldest_seconds: number | null;
            refused_per_minute: number | null;
            visible_p99_seconds: number | null;
        };
        OperatorGroup: {
            channel: string;
            count: number;
            example: string;
            /** Format: date-time */
            first_at: string | null;
            /** Format: date-time */
            last_at: string | null;
            reason: string;
        };
        OperatorLane: {
            dead: number;
            due: number;
            lane: string;
            later: number;
            /** Format: date-time */
            oldest_due_at: string | null;
            running: number;
        };
        OperatorMoment: {
            /** Format: date-time */
            at: string | null;
            depth: number | null;
            events_per_second: number | null;
            oldest_seconds: number | null;
            refused_per_minute: number | null;
            visible_p99_seconds: number | null;
        };
        OperatorNumber: {
            /** Format: date-time */
            checked_at: string | null;
            quality: string | null;
            read_failed: boolean;
            required_action: string | null;
            state: string;
            status: string | null;
        };
        OperatorOverview: {
            /** Format: date-time */
            at: string | null;
            dead: number | null;
            figures: components["schemas"]["OperatorFigures"];
            history: components["schemas"]["OperatorMoment"][];
            interval_seconds: number;
            parts: components["schemas"]["OperatorPart"][];
            process: components["schemas"]["OperatorProcess"];
            /** @enum {string} */
            state: "bad" | "warning" | "good";
        };
        OperatorPart: {
            figures: {
                [key: string]: number | null;
            };
            /** @enum {string} */
            name: "edge" | "spool" | "queue" | "workers" | "relay" | "database" | "realtime";
            reasons: components["schemas"]["OperatorReason"][];
            /** @enum {string} */
            scope: "installation" | "process";
            /** @enum {string} */
            state: "bad" | "warning" | "unknown" | "good";
        };
        OperatorPartition: {
            delayed: number;
            oldest_seconds: number;
            owned_here: boolean;
            owner: string | null;
            partition: number;
            pending: number;
            stalled: boolean;
            waiting: number;
        };
        OperatorProcess: {
            alone: boolean;
            instance: string;
            roles: string[];
        };
        OperatorQueue: {
            /** Format: date-time */
            at: string | null;
            bytes: number;
            dead: {
                [key: string]: number;
            };
            lanes: components["schemas"]["OperatorLane"][];
            partitions: components["schemas"]["OperatorPartition"][];
        };
        OperatorReason: {
            code: string;
            detail: string | null;
            /** @enum {string} */
            state: "bad" | "warning" | "unknown" | "good";
            text: string;
            values: {
                [key: string]: number;
            };
        };
        OperatorReplayed: {
            before: string;
            dry_run: boolean;
            left: number;
            matched: number;
            partial: boolean;
            replayed: number;
        };
        PageDetails: {
            page_details: Record<string, unknown>[];
            user_access_token: string;
        };
        PageDetailsData: {
            data: components["schemas"]["PageDetails"];
        };
        PageInbox: {
            avatar_url: string;
            channel_id: number;
            channel_type: string;
            enable_auto_assignment: boolean;
            id: number;
            name: string;
            page_id: string;
        };
        Part: {
            detail?: string;
            ok: boolean;
        };
        PlatformAccount: {
            custom_attributes: Record<string, unknown>;
            domain: string | null;
            features: {
                [key: string]: boolean;
            };
            id: number;
            limits: Record<string, unknown>;
            locale: string;
            name: string;
            status: string;
            support_email: string | null;
        };
        PlatformBot: {
            access_token: string;
            account_id: number | null;
            description: string | null;
            id: number;
            name: string | null;
            outgoing_url: string | null;
        };
        PlatformLogin: {
            url: string;
        };
        PlatformMembership: {
            /** Format: date-time */
            active_at: string | null;
            id: number;
            name: string;
            role: string;
        };
        PlatformToken: {
            access_token: string;
            expiry: string | null;
            user: components["schemas"]["PlatformTokenUser"];
        };
        PlatformTokenUser: {
            display_name: string | null;
            email: string;
            id: number;
            name: string;
            pubsub_token: string;
        };
        PlatformUser: {
            access_token: string;
            account_id: number | null;
            accounts: components["schemas"]["PlatformMembership"][];
            available_name: string;
            avatar_url: string;
            confirmed: boolean;
            custom_attributes?: Record<string, unknown>;
            display_name: string | null;
            email: string;
            id: number;
            message_signature: string | null;
            name: string;
            provider: string;
            pubsub_token: string;
            role: string | null;
            ui_settings: Record<string, unknown>;
            uid: string;
        };
        ProfileInput: {
            /** @description signed id of a file that was uploaded directly */
            avatar?: string;
            current_password?: string;
            display_name?: string | null;
            email?: string | null;
            message_signature?: string | null;
            name?: string | null;
            password?: string;
            password_confirmation?: string | null;
            phone_number?: string | null;
            ui_settings?: unknown;
        };
        Provision: {
            provisioning_url: string;
            secret: string;
        };
        PublicContact: {
            email: string | null;
            id: number;
            name: string;
            phone_number: string | null;
            pubsub_token: string;
            source_id: string;
        };
        PublicConversation: {
            /** @description Unix seconds; 0: never */
            agent_last_seen_at: number;
            contact: components["schemas"]["RawContact"];
            /** @description Unix seconds; 0: never */
            contact_last_seen_at: number;
            id: number;
            inbox_id: number;
            messages: components["schemas"]["PublicMessage"][];
            status: string;
            uuid: string;
        };
        PublicInbox: {
            csat_survey_enabled: boolean;
            greeting_enabled: boolean;
            identifier: string;
            identity_validation_enabled: boolean;
            name: string;
            timezone: string;
            working_hours: components["schemas"]["WorkingHour"][];
            working_hours_enabled: boolean;
        };
        PublicMessage: {
            attachments?: components["schemas"]["Attachment"][];
            content: string | null;
            content_attributes: Record<string, unknown>;
            /** @enum {string} */
            content_type: "text" | "input_text" | "input_textarea" | "input_email" | "input_select" | "cards" | "form" | "article" | "incoming_email" | "input_csat" | "integrations" | "sticker" | "voice_call";
            conversation_id: number;
            /** @description Unix seconds; 0: never */
            created_at: number;
            id: number;
            /**
             * @description incoming, outgoing, activity, template
             * @enum {integer}
             */
            message_type: 0 | 1 | 2 | 3;
            sender?: components["schemas"]["UserPush"] | components["schemas"]["ContactPush"] | components["schemas"]["BotPush"];
        };
        RawContact: {
            account_id: number;
            additional_attributes: Record<string, unknown>;
            blocked: boolean;
            contact_type: string;
            country_code: string;
            /** Format: date-time */
            created_at: string | null;
            custom_attributes: Record<string, unknown>;
            email: string | null;
            id: number;
            identifier: string | null;
            /** Format: date-time */
            last_activity_at: string | null;
            last_name: string;
            location: string;
            middle_name: string;
            name: string;
            phone_number: string | null;
            /** Format: date-time */
            updated_at: string | null;
        };
        Readiness: {
            parts: {
                [key: string]: components["schemas"]["Part"];
            };
            /** @enum {string} */
            status: "ready" | "not ready";
        };
        RefusedSignUp: {
            errors: string[];
            status: string;
            success?: boolean;
        };
        Registration: {
            attempts_72h: number;
            attempts_left: number;
            last_error: Record<string, unknown> | null;
            next_attempt_at: string | null;
            required_action: string | null;
            since: string | null;
            state: string;
        };
        RegistrationOut: {
            registration: components["schemas"]["Registration"];
        };
        RegistrationProblem: {
            error: string;
            registration: components["schemas"]["Registration"];
        };
        Rule: {
            account_id: number;
            actions: components["schemas"]["Action"][];
            active: boolean;
            conditions: unknown[];
            created_on: number;
            description: string | null;
            event_name: string;
            files?: components["schemas"]["RuleFile"][];
            id: number;
            name: string;
        };
        RuleFile: {
            account_id: number;
            automation_rule_id: number;
            blob_id: number;
            file_type: string;
            file_url: string;
            filename: string;
            id: number;
        };
        RuleListPayload: {
            payload: components["schemas"]["Rule"][];
        };
        RulePayload: {
            payload: components["schemas"]["Rule"];
        };
        SaidMessage: {
            content: string | null;
            /** @description Unix seconds; 0: never */
            created_at: number;
            id: number;
            message_type: number;
            sender_name?: string;
        };
        Saml: {
            account_id: number;
            certificate: string | null;
            /** Format: date-time */
            created_at: string | null;
            fingerprint: string | null;
            id: number | null;
            idp_entity_id: string | null;
            role_mappings: Record<string, unknown>;
            sp_entity_id: string | null;
            sso_url: string | null;
            /** Format: date-time */
            updated_at: string | null;
        };
        SamlInput: {
            certificate?: string | null;
            idp_entity_id?: string | null;
            role_mappings?: unknown;
            sp_entity_id?: string | null;
            sso_url?: string | null;
        };
        SayingInbox: {
            channel_type: string;
            id: number;
            name: string;
        };
        Search: {
            articles: components["schemas"]["ArticleHit"][];
            contacts: components["schemas"]["ContactHit"][];
            conversations: components["schemas"]["ConversationHit"][];
            messages: components["schemas"]["Message"][];
        };
        SearchArticles: {
            articles: components["schemas"]["ArticleHit"][];
        };
        SearchArticlesPayload: {
            payload: components["schemas"]["SearchArticles"];
        };
        SearchContacts: {
            contacts: components["schemas"]["ContactHit"][];
        };
        SearchContactsPayload: {
            payload: components["schemas"]["SearchContacts"];
        };
        SearchConversations: {
            conversations: components["schemas"]["ConversationHit"][];
        };
        SearchConversationsOut: {
            meta: components["schemas"]["SearchCounts"];
            payload: components["schemas"]["ConversationSaying"][];
        };
        SearchConversationsPayload: {
            payload: components["schemas"]["SearchConversations"];
        };
        SearchCounts: {
            all_count: number;
            mine_count: number;
            unassigned_count: number;
        };
        SearchMessages: {
            messages: components["schemas"]["Message"][];
        };
        SearchMessagesPayload: {
            payload: components["schemas"]["SearchMessages"];
        };
        SearchPayload: {
            payload: components["schemas"]["Search"];
        };
        SignedUp: {
            access_token: string;
            account_id: number;
            accounts: components["schemas"]["SignedUpMember"][];
            avatar_url: string;
            confirmed: boolean;
            /** Format: date-time */
            created_at: string | null;
            display_name: string | null;
            email: string;
            id: number;
            inviter_id: number | null;
            name: string;
            provider: string;
            pubsub_token: string;
            role: string;
            uid: string;
        };
        SignedUpData: {
            data: components["schemas"]["SignedUp"];
        };
        SignedUpMember: {
            /** Format: date-time */
            active_at: string | null;
            id: number;
            locale: string;
            name: string;
            role: string;
        };
        SignupProblem: {
            error?: string;
            message?: string;
            success: boolean;
        };
        StatusBody: {
            error: string;
            status: number;
        };
        StatusData: {
            data: components["schemas"]["User"];
            status: string;
        };
        StringListPayload: {
            payload: string[];
        };
        Subscription: {
            /** Format: date-time */
            created_at: string | null;
            id: number;
            identifier: string;
            subscription_attributes: Record<string, unknown>;
            subscription_type: string;
            /** Format: date-time */
            updated_at: string | null;
            user_id: number;
        };
        SubscriptionInput: {
            subscription_attributes?: unknown;
            subscription_type?: string;
        };
        Success: {
            success: boolean;
        };
        Team: {
            account_id: number;
            allow_auto_assign: boolean;
            description: string | null;
            id: number;
            is_member: boolean;
            name: string;
        };
        TeamInput: {
            allow_auto_assign?: boolean | null;
            description?: string | null;
            name?: string | null;
        };
        ToggleStatus: {
            meta: Record<string, unknown>;
            payload: {
                conversation_id: number;
                /** @enum {string} */
                current_status: "open" | "resolved" | "pending" | "snoozed";
                /** Format: date-time */
                snoozed_until: string | null;
                success: boolean | null;
            };
        };
        Token: {
            message: string;
            redirect_url: string;
        };
        Translation: {
            content: string | null;
        };
        UnreadCounts: {
            all_count: number;
            inboxes: {
                [key: string]: number;
            };
            labels: {
                [key: string]: number;
            };
            mentions_count: number;
            mine_count: number;
            participating_count: number;
            pending_count: number;
            snoozed_count: number;
            teams: {
                [key: string]: number;
            };
            unassigned_count: number;
            unattended_count: number;
        };
        UnreadCountsPayload: {
            payload: components["schemas"]["UnreadCounts"];
        };
        Unsuccessful: {
            errors: string[];
            message?: string;
            success: boolean;
        };
        User: {
            access_token: string;
            account_id: number | null;
            accounts: components["schemas"]["Membership"][];
            available_name: string;
            avatar_url: string;
            confirmed: boolean;
            custom_attributes?: Record<string, unknown>;
            display_name: string | null;
            email: string;
            hmac_identifier?: string;
            id: number;
            inviter_id: number | null;
            message_signature: string | null;
            name: string;
            provider: string;
            pubsub_token: string;
            role: string | null;
            type: string | null;
            ui_settings: Record<string, unknown>;
            uid: string;
        };
        UserData: {
            data: components["schemas"]["User"];
        };
        UserPush: {
            availability_status: string | null;
            available_name: string;
            avatar_url: string;
            id: number;
            name: string;
            thumbnail: string;
            type: string;
        };
        Validated: {
            payload: {
                data: {
                    access_token: string;
                    account_id: number | null;
                    accounts: components["schemas"]["Membership"][];
                    available_name: string;
                    avatar_url: string;
                    confirmed: boolean;
                    /** Format: date-time */
                    created_at: string | null;
                    custom_attributes?: Record<string, unknown>;
                    display_name: string | null;
                    email: string;
                    hmac_identifier?: string;
                    id: number;
                    inviter_id: number | null;
                    message_signature: string | null;
                    name: string;
                    provider: string;
                    pubsub_token: string;
                    role: string | null;
                    type: string | null;
                    ui_settings: Record<string, unknown>;
                    uid: string;
                };
                success: boolean;
            };
        };
        Waiting: {
            message: string;
            registration: components["schemas"]["Registration"];
            success: boolean;
        };
        Webhook: {
            account_id: number;
            id: number;
            inbox?: components["schemas"]["NamedPush"];
            secret: string;
            subscriptions: string[];
            url: string;
        };
        WebhookEnvelope: {
            payload: {
                webhook: components["schemas"]["Webhook"];
            };
        };
        WebhookInput: {
            inbox_id?: number | null;
            subscriptions?: string[] | null;
            url?: string | null;
        };
        Webhooks: {
            payload: {
                webhooks: components["schemas"]["Webhook"][];
            };
        };
        WebhookStatus: {
            callback_url: string | null;
            /** Format: date-time */
            first_event_at: string | null;
            last_conversation_id: number | null;
            /** Format: date-time */
            last_event_at: string | null;
            rejected_24h: {
                [key: string]: number;
            };
            /** Format: date-time */
            verified_at: string | null;
        };
        WorkingHour: {
            close_hour: number | null;
            close_minutes: number | null;
            closed_all_day: boolean;
            day_of_week: number;
            open_all_day: boolean;
            open_hour: number | null;
            open_minutes: number | null;
        };
        WorkingHourInput: {
            close_hour?: number | null;
            close_minutes?: number | null;
            closed_all_day?: boolean | null;
            day_of_week?: number | null;
            open_all_day?: boolean | null;
            open_hour?: number | null;
            open_minutes?: number | null;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    signUp: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    account_name?: string;
                    email?: string;
                    h_captcha_client_response?: string;
                    locale?: string;
                    password?: string;
                    user_full_name?: string;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignedUpData"];
                };
            };
        };
    };
    mergeContacts: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    base_contact_id?: number;
                    mergee_contact_id?: number;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Contact"];
                };
            };
        };
    };
    listAgentBots: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgentBot"][];
                };
            };
        };
    };
    createAgentBot: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /** @description signed id of a file that was uploaded directly */
                    avatar?: string;
                    avatar_url?: string | null;
                    bot_config?: unknown;
                    bot_type?: string | null;
                    description?: string | null;
                    name?: string | null;
                    outgoing_url?: string | null;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgentBot"];
                };
            };
        };
    };
    showAgentBot: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgentBot"];
                };
            };
        };
    };
    updateAgentBotByPut: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /** @description signed id of a file that was uploaded directly */
                    avatar?: string;
                    avatar_url?: string | null;
                    bot_config?: unknown;
                    bot_type?: string | null;
                    description?: string | null;
                    name?: string | null;
                    outgoing_url?: string | null;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgentBot"];
                };
            };
        };
    };
    deleteAgentBot: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    updateAgentBot: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /** @description signed id of a file that was uploaded directly */
                    avatar?: string;
                    avatar_url?: string | null;
                    bot_config?: unknown;
                    bot_type?: string | null;
                    description?: string | null;
                    name?: string | null;
                    outgoing_url?: string | null;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgentBot"];
                };
            };
        };
    };
    deleteAgentBotAvatar: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgentBot"];
                };
            };
        };
    };
    resetAgentBotToken: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgentBot"];
                };
            };
        };
    };
    listCapacityPolicies: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CapacityPolicy"][];
                };
            };
        };
    };
    createCapacityPolicy: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    agent_capacity_policy: components["schemas"]["CapacityPolicyInput"];
                } | components["schemas"]["CapacityPolicyInput"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CapacityPolicy"];
                };
            };
        };
    };
    createCapacityLimit: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                agent_capacity_policy_id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    conversation_limit?: number | null;
                    inbox_id?: number;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CapacityLimit"];
                };
            };
        };
    };
    updateCapacityLimitByPut: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                agent_capacity_policy_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    conversation_limit?: number | null;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CapacityLimit"];
                };
            };
        };
    };
    deleteCapacityLimit: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                agent_capacity_policy_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    updateCapacityLimit: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                agent_capacity_policy_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    conversation_limit?: number | null;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CapacityLimit"];
                };
            };
        };
    };
    listCapacityUsers: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                agent_capacity_policy_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"][];
                };
            };
        };
    };
    addCapacityUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                agent_capacity_policy_id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    user_id?: number;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
        };
    };
    removeCapacityUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                agent_capacity_policy_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    showCapacityPolicy: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CapacityPolicy"];
                };
            };
        };
    };
    updateCapacityPolicyByPut: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    agent_capacity_policy?: components["schemas"]["CapacityPolicyInput"];
                } | components["schemas"]["CapacityPolicyInput"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CapacityPolicy"];
                };
            };
        };
    };
    deleteCapacityPolicy: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    updateCapacityPolicy: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    agent_capacity_policy?: components["schemas"]["CapacityPolicyInput"];
                } | components["schemas"]["CapacityPolicyInput"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CapacityPolicy"];
                };
            };
        };
    };
    listAgents: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Agent"][];
                };
            };
        };
    };
    createAgent: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    agent?: components["schemas"]["AgentInput"];
                    custom_role_id?: number | null;
                } | components["schemas"]["AgentInput"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Agent"];
                };
            };
        };
    };
    updateAgentByPut: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    agent?: components["schemas"]["AgentInput"];
                    custom_role_id?: number | null;
                } | components["schemas"]["AgentInput"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Agent"];
                };
            };
        };
    };
    deleteAgent: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    updateAgent: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    agent?: components["schemas"]["AgentInput"];
                    custom_role_id?: number | null;
                } | components["schemas"]["AgentInput"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Agent"];
                };
            };
        };
    };
    createAgents: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    emails?: string[] | null;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    listAssignableAgents: {
        parameters: {
            query?: {
                "inbox_ids[]"?: string[];
            };
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgentListPayload"];
                };
            };
        };
    };
    listAssignmentPolicies: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssignmentPolicy"][];
                };
            };
        };
    };
    createAssignmentPolicy: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    assignment_policy: components["schemas"]["AssignmentPolicyInput"];
                } | components["schemas"]["AssignmentPolicyInput"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssignmentPolicy"];
                };
            };
        };
    };
    listAssignmentPolicyInboxes: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                assignment_policy_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Inboxes"];
                };
            };
        };
    };
    addAssignmentPolicyInbox: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                assignment_policy_id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    inbox_id?: number;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InboxPolicy"];
                };
            };
        };
    };
    removeAssignmentPolicyInbox: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                assignment_policy_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    showAssignmentPolicy: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssignmentPolicy"];
                };
            };
        };
    };
    updateAssignmentPolicyByPut: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    assignment_policy?: components["schemas"]["AssignmentPolicyInput"];
                } | components["schemas"]["AssignmentPolicyInput"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssignmentPolicy"];
                };
            };
        };
    };
    deleteAssignmentPolicy: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    updateAssignmentPolicy: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    assignment_policy?: components["schemas"]["AssignmentPolicyInput"];
                } | components["schemas"]["AssignmentPolicyInput"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssignmentPolicy"];
                };
            };
        };
    };
    listAuditLogs: {
        parameters: {
            query?: {
                page?: number;
            };
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Audits"];
                };
            };
        };
    };
    listRules: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RuleListPayload"];
                };
            };
        };
    };
    createRule: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    actions?: unknown;
                    active?: boolean | null;
                    conditions?: unknown;
                    description?: string | null;
                    event_name?: string | null;
                    name?: string | null;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Rule"];
                };
            };
        };
    };
    cloneRule: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                automation_rule_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RulePayload"];
                };
            };
        };
    };
    showRule: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RulePayload"];
                };
            };
        };
    };
    updateRuleByPut: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    actions?: unknown;
                    active?: boolean | null;
                    conditions?: unknown;
                    description?: string | null;
                    event_name?: string | null;
                    name?: string | null;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RulePayload"];
                };
            };
        };
    };
    deleteRule: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    updateRule: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    actions?: unknown;
                    active?: boolean | null;
                    conditions?: unknown;
                    description?: string | null;
                    event_name?: string | null;
                    name?: string | null;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RulePayload"];
                };
            };
        };
    };
    createBulkAction: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    fields?: {
                        assignee_id?: number | null;
                        status?: string | null;
                        team_id?: number | null;
                    };
                    filter?: unknown;
                    ids?: unknown;
                    labels?: {
                        add?: string[];
                        remove?: string[];
                    };
                    snoozed_until?: number | null;
                    type?: string;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    showBulkAction: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BulkAction"];
                };
            };
        };
    };
    listFacebookPages: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    omniauth_token?: string;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageDetailsData"];
                };
            };
        };
    };
    reauthorizePage: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    inbox_id?: number;
                    omniauth_token?: string;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InboxData"];
                };
            };
        };
    };
    getApiV1AccountsAccountIdCallbacksRegisterFacebookPage: {
        parameters: {
            query?: {
                inbox_name?: string;
                page_access_token?: string;
                page_id?: string;
                user_access_token?: string;
            };
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageInbox"];
                };
            };
        };
    };
    postApiV1AccountsAccountIdCallbacksRegisterFacebookPage: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    inbox_name?: string;
                    page_access_token?: string;
                    page_id?: string;
                    user_access_token?: string;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageInbox"];
                };
            };
        };
    };
    listCannedResponses: {
        parameters: {
            query?: {
                search?: string;
            };
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CannedResponse"][];
                };
            };
        };
    };
    createCannedResponse: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    canned_response: components["schemas"]["CannedResponseInput"];
                } | components["schemas"]["CannedResponseInput"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CannedResponse"];
                };
            };
        };
    };
    updateCannedResponseByPut: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    canned_response?: components["schemas"]["CannedResponseInput"];
                } | components["schemas"]["CannedResponseInput"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CannedResponse"];
                };
            };
        };
    };
    deleteCannedResponse: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    updateCannedResponse: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    canned_response?: components["schemas"]["CannedResponseInput"];
                } | components["schemas"]["CannedResponseInput"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CannedResponse"];
                };
            };
        };
    };
    createTwilioChannel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    twilio_channel: unknown;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Inbox"];
                };
            };
        };
    };
    findContact: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    inbox_id?: number;
                    source_id?: string;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Contact"];
                };
            };
        };
    };
    listContacts: {
        parameters: {
            query?: {
                include_contact_inboxes?: string;
                "labels[]"?: string[];
                page?: number;
                sort?: string;
            };
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ContactList"];
                };
            };
        };
    };
    createContact: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    additional_attributes?: {
                        [key: string]: unknown;
                    };
                    /** @description signed id of a file that was uploaded directly */
                    avatar?: string;
                    avatar_url?: string;
                    blocked?: boolean | null;
                    custom_attributes?: {
                        [key: string]: unknown;
                    };
                    email?: string | null;
                    identifier?: string | null;
                    inbox_id?: number | null;
                    name?: string | null;
                    phone_number?: string | null;
                    source_id?: string | null;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CreatedContactPayload"];
                };
            };
        };
    };
    createContactInbox: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                contact_id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    hmac_verified?: boolean;
                    inbox_id?: number;
                    source_id?: string | null;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ContactInbox"];
                };
            };
        };
    };
    listContactConversations: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                contact_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConversationListPayload"];
                };
            };
        };
    };
    listContactLabels: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                contact_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StringListPayload"];
                };
            };
        };
    };
    setContactLabels: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                contact_id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    labels?: unknown;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StringListPayload"];
                };
            };
        };
    };
    listContactNotes: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                contact_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Note"][];
                };
            };
        };
    };
    createContactNote: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                contact_id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    note?: components["schemas"]["NoteInput"];
                } | components["schemas"]["NoteInput"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Note"];
                };
            };
        };
    };
    showContactNote: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                contact_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Note"];
                };
            };
        };
    };
    updateContactNoteByPut: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                contact_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    note?: components["schemas"]["NoteInput"];
                } | components["schemas"]["NoteInput"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Note"];
                };
            };
        };
    };
    deleteContactNote: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                contact_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    updateContactNote: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                contact_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    note?: components["schemas"]["NoteInput"];
                } | components["schemas"]["NoteInput"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Note"];
                };
            };
        };
    };
    showContact: {
        parameters: {
            query?: {
                include_contact_inboxes?: string;
            };
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ContactPayload"];
                };
            };
        };
    };
    updateContactByPut: {
        parameters: {
            query?: {
                include_contact_inboxes?: string;
            };
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    additional_attributes?: {
                        [key: string]: unknown;
                    };
                    /** @description signed id of a file that was uploaded directly */
                    avatar?: string;
                    avatar_url?: string;
                    blocked?: boolean | null;
                    custom_attributes?: {
                        [key: string]: unknown;
                    };
                    email?: string | null;
                    identifier?: string | null;
                    name?: string | null;
                    phone_number?: string | null;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ContactPayload"];
                };
            };
        };
    };
    deleteContact: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    updateContact: {
        parameters: {
            query?: {
                include_contact_inboxes?: string;
            };
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    additional_attributes?: {
                        [key: string]: unknown;
                    };
                    /** @description signed id of a file that was uploaded directly */
                    avatar?: string;
                    avatar_url?: string;
                    blocked?: boolean | null;
                    custom_attributes?: {
                        [key: string]: unknown;
                    };
                    email?: string | null;
                    identifier?: string | null;
                    name?: string | null;
                    phone_number?: string | null;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ContactPayload"];
                };
            };
        };
    };
    deleteContactAvatar: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ContactPayload"];
                };
            };
        };
    };
    listContactableInboxes: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ContactInboxListPayload"];
                };
            };
        };
    };
    dropContactAttributes: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    custom_attributes?: string[];
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ContactPayload"];
                };
            };
        };
    };
    listActiveContacts: {
        parameters: {
            query?: {
                include_contact_inboxes?: string;
                page?: number;
                sort?: string;
            };
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ContactList"];
                };
            };
        };
    };
    exportContacts: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    column_names?: string[];
                    label?: string;
                    payload?: unknown;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    filterContacts: {
        parameters: {
            query?: {
                include_contact_inboxes?: string;
                page?: number;
                sort?: string;
            };
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    payload?: unknown;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ContactList"];
                };
            };
        };
    };
    importContacts: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /** @description signed id of a file that was uploaded directly */
                    import_file?: string;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    listContactImports: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ContactImportListPayload"];
                };
            };
        };
    };
    searchContacts: {
        parameters: {
            query?: {
                include_contact_inboxes?: string;
                "labels[]"?: string[];
                page?: number;
                q?: string;
                sort?: string;
            };
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ContactList"];
                };
            };
        };
    };
    listConversations: {
        parameters: {
            query?: {
                assignee_type?: string;
                conversation_type?: string;
                inbox_id?: number;
                "labels[]"?: string[];
                page?: number;
                q?: string;
                sort_by?: string;
                source_id?: string;
                "status[]"?: string[];
                team_id?: number;
                unread?: boolean;
                updated_within?: number;
            };
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConversationList"];
                };
            };
        };
    };
    createConversation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    additional_attributes?: unknown;
                    assignee_id?: unknown;
                    contact_id?: number | null;
                    custom_attributes?: {
                        [key: string]: unknown;
                    } | null;
                    hmac_verified?: boolean;
                    inbox_id?: number | null;
                    message?: components["schemas"]["MessageInput"] | null;
                    snoozed_until?: unknown;
                    source_id?: string | null;
                    status?: string;
                    team_id?: unknown;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Conversation"];
                };
            };
        };
    };
    assignConversation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                conversation_id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    assignee_id?: unknown;
                    team_id?: unknown;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Assign"];
                };
            };
        };
    };
    announceAttachment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                conversation_id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    blob: components["schemas"]["Announced"];
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DirectUpload"];
                };
            };
        };
    };
    showDraft: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                conversation_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Draft"];
                };
            };
        };
    };
    saveDraftByPut: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                conversation_id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    draft_message?: {
                        message?: string;
                    };
                } | {
                    message?: string;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    dropDraft: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                conversation_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    saveDraft: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                conversation_id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    draft_message?: {
                        message?: string;
                    };
                } | {
                    message?: string;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    listConversationLabels: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                conversation_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LabelList"];
                };
            };
        };
    };
    setConversationLabels: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                conversation_id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    labels?: string[];
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LabelList"];
                };
            };
        };
    };
    listMessages: {
        parameters: {
            query?: {
                after?: number;
                before?: number;
                filter_internal_messages?: unknown;
            };
            header?: never;
            path: {
                account_id: number;
                conversation_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessageList"];
                };
            };
        };
    };
    createMessage: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                conversation_id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    attachments?: string[];
                    bcc_emails?: unknown;
                    campaign_id?: number | null;
                    cc_emails?: unknown;
                    content?: string | null;
                    content_attributes?: unknown;
                    content_type?: string;
                    echo_id?: unknown;
                    external_created_at?: unknown;
                    message_type?: string;
                    private?: boolean;
                    sender_id?: unknown;
                    sender_type?: string;
                    source_id?: string;
                    template_params?: {
                        [key: string]: unknown;
                    };
                    to_emails?: unknown;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
        };
    };
    updateMessageStatusByPut: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                conversation_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    external_error?: string;
                    status?: string;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
        };
    };
    eraseMessage: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                conversation_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
        };
    };
    updateMessageStatus: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                conversation_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    external_error?: string;
                    status?: string;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
        };
    };
    retryMessage: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                conversation_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
        };
    };
    translateMessage: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                conversation_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    target_language?: string;
                };
            };
        };
        responses: {
            /** @description Done. The body may be empty. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Translation"];
                };
            };
        };
    };
    listParticipants: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                conversation_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Agent"][];
                };
            };
        };
    };
    setParticipantsByPut: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                conversation_id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    user_ids?: number[] | null;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Agent"][];
                };
            };
        };
    };
    addParticipants: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                conversation_id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    user_ids?: number[] | null;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Agent"][];
                };
            };
        };
    };
    removeParticipants: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                conversation_id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    user_ids?: number[] | null;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    setParticipants: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                conversation_id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    user_ids?: number[] | null;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Agent"][];
                };
            };
        };
    };
    showConversation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Conversation"];
                };
            };
        };
    };
    updateConversationByPut: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    priority?: string | null;
                    sla_policy_id?: number | null;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Conversation"];
                };
            };
        };
    };
    deleteConversation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    updateConversation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    priority?: string | null;
                    sla_policy_id?: number | null;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Conversation"];
                };
            };
        };
    };
    listConversationFiles: {
        parameters: {
            query?: {
                page?: number;
            };
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConversationFileList"];
                };
            };
        };
    };
    setConversationAttributes: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    custom_attributes?: {
                        [key: string]: unknown;
                    } | null;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConversationAttributes"];
                };
            };
        };
    };
    showAssistant: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Assistant"];
                };
            };
        };
    };
    muteConversation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    togglePriority: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    priority?: string | null;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    toggleStatus: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    snoozed_until?: number | null;
                    status?: string;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ToggleStatus"];
                };
            };
        };
    };
    toggleTyping: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    is_private?: boolean;
                    typing_status?: string;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    sendTranscript: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    email?: string;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    unmuteConversation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    unseeConversation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Conversation"];
                };
            };
        };
    };
    seeConversation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Conversation"];
                };
            };
        };
    };
    viewConversation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    filterConversations: {
        parameters: {
            query?: {
                page?: number;
            };
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    payload?: unknown;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FilteredConversations"];
                };
            };
        };
    };
    countConversations: {
        parameters: {
            query?: {
                assignee_type?: string;
                conversation_type?: string;
                inbox_id?: number;
                "labels[]"?: string[];
                page?: number;
                q?: string;
                sort_by?: string;
                source_id?: string;
                "status[]"?: string[];
                team_id?: number;
                unread?: boolean;
                updated_within?: number;
            };
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConversationMetaOut"];
                };
            };
        };
    };
    searchConversations: {
        parameters: {
            query?: {
                assignee_type?: string;
                conversation_type?: string;
                inbox_id?: number;
                "labels[]"?: string[];
                page?: number;
                q?: string;
                sort_by?: string;
                source_id?: string;
                "status[]"?: string[];
                team_id?: number;
                unread?: boolean;
                updated_within?: number;
            };
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SearchConversationsOut"];
                };
            };
        };
    };
    countUnread: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UnreadCountsPayload"];
                };
            };
        };
    };
    listCustomAttributes: {
        parameters: {
            query?: {
                attribute_model?: string;
            };
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CustomAttribute"][];
                };
            };
        };
    };
    createCustomAttribute: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    custom_attribute_definition: components["schemas"]["CustomAttributeInput"];
                } | components["schemas"]["CustomAttributeInput"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CustomAttribute"];
                };
            };
        };
    };
    showCustomAttribute: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CustomAttribute"];
                };
            };
        };
    };
    updateCustomAttributeByPut: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    custom_attribute_definition?: components["schemas"]["CustomAttributeInput"];
                } | components["schemas"]["CustomAttributeInput"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CustomAttribute"];
                };
            };
        };
    };
    deleteCustomAttribute: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    updateCustomAttribute: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    custom_attribute_definition?: components["schemas"]["CustomAttributeInput"];
                } | components["schemas"]["CustomAttributeInput"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CustomAttribute"];
                };
            };
        };
    };
    listCustomFilters: {
        parameters: {
            query?: {
                filter_type?: string;
            };
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CustomFilter"][];
                };
            };
        };
    };
    createCustomFilter: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    custom_filter: components["schemas"]["CustomFilterInput"];
                } | components["schemas"]["CustomFilterInput"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CustomFilter"];
                };
            };
        };
    };
    showCustomFilter: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CustomFilter"];
                };
            };
        };
    };
    updateCustomFilterByPut: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    custom_filter?: components["schemas"]["CustomFilterInput"];
                } | components["schemas"]["CustomFilterInput"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CustomFilter"];
                };
            };
        };
    };
    deleteCustomFilter: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    updateCustomFilter: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    custom_filter?: components["schemas"]["CustomFilterInput"];
                } | components["schemas"]["CustomFilterInput"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CustomFilter"];
                };
            };
        };
    };
    listCustomRoles: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CustomRole"][];
                };
            };
        };
    };
    createCustomRole: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    custom_role: components["schemas"]["CustomRoleInput"];
                } | components["schemas"]["CustomRoleInput"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CustomRole"];
                };
            };
        };
    };
    showCustomRole: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CustomRole"];
                };
            };
        };
    };
    updateCustomRoleByPut: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    custom_role?: components["schemas"]["CustomRoleInput"];
                } | components["schemas"]["CustomRoleInput"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CustomRole"];
                };
            };
        };
    };
    deleteCustomRole: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    updateCustomRole: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    custom_role?: components["schemas"]["CustomRoleInput"];
                } | components["schemas"]["CustomRoleInput"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CustomRole"];
                };
            };
        };
    };
    addInboxMembers: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    inbox_id?: number | null;
                    user_ids?: number[] | null;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgentListPayload"];
                };
            };
        };
    };
    removeInboxMembers: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    inbox_id?: number | null;
                    user_ids?: number[] | null;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    setInboxMembers: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    inbox_id?: number | null;
                    user_ids?: number[] | null;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgentListPayload"];
                };
            };
        };
    };
    listInboxMembers: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                inbox_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgentListPayload"];
                };
            };
        };
    };
    listInboxes: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InboxListPayload"];
                };
            };
        };
    };
    createInbox: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    allow_messages_after_resolved?: boolean | null;
                    auto_assignment_config?: {
                        [key: string]: unknown;
                    } | null;
                    /** @description signed id of a file that was uploaded directly */
                    avatar?: string | null;
                    business_name?: string | null;
                    channel?: unknown;
                    csat_config?: {
                        [key: string]: unknown;
                    } | null;
                    csat_survey_enabled?: boolean | null;
                    enable_auto_assignment?: boolean | null;
                    enable_email_collect?: boolean | null;
                    greeting_enabled?: boolean | null;
                    greeting_message?: string | null;
                    lock_to_single_conversation?: boolean | null;
                    name?: string | null;
                    out_of_office_message?: string | null;
                    portal_id?: number | null;
                    sender_name_type?: string | null;
                    signature_mode?: string | null;
                    timezone?: string | null;
                    working_hours_enabled?: boolean | null;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Inbox"];
                };
            };
        };
    };
    showInbox: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Inbox"];
                };
            };
        };
    };
    updateInboxByPut: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    allow_messages_after_resolved?: boolean | null;
                    auto_assignment_config?: {
                        [key: string]: unknown;
                    } | null;
                    /** @description signed id of a file that was uploaded directly */
                    avatar?: string | null;
                    business_name?: string | null;
                    channel?: unknown;
                    csat_config?: {
                        [key: string]: unknown;
                    } | null;
                    csat_survey_enabled?: boolean | null;
                    enable_auto_assignment?: boolean | null;
                    enable_email_collect?: boolean | null;
                    greeting_enabled?: boolean | null;
                    greeting_message?: string | null;
                    lock_to_single_conversation?: boolean | null;
                    name?: string | null;
                    out_of_office_message?: string | null;
                    portal_id?: number | null;
                    sender_name_type?: string | null;
                    signature_mode?: string | null;
                    timezone?: string | null;
                    working_hours?: components["schemas"]["WorkingHourInput"][];
                    working_hours_enabled?: boolean | null;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Inbox"];
                };
            };
        };
    };
    deleteInbox: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessageText"];
                };
            };
        };
    };
    updateInbox: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    allow_messages_after_resolved?: boolean | null;
                    auto_assignment_config?: {
                        [key: string]: unknown;
                    } | null;
                    /** @description signed id of a file that was uploaded directly */
                    avatar?: string | null;
                    business_name?: string | null;
                    channel?: unknown;
                    csat_config?: {
                        [key: string]: unknown;
                    } | null;
                    csat_survey_enabled?: boolean | null;
                    enable_auto_assignment?: boolean | null;
                    enable_email_collect?: boolean | null;
                    greeting_enabled?: boolean | null;
                    greeting_message?: string | null;
                    lock_to_single_conversation?: boolean | null;
                    name?: string | null;
                    out_of_office_message?: string | null;
                    portal_id?: number | null;
                    sender_name_type?: string | null;
                    signature_mode?: string | null;
                    timezone?: string | null;
                    working_hours?: components["schemas"]["WorkingHourInput"][];
                    working_hours_enabled?: boolean | null;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Inbox"];
                };
            };
        };
    };
    showInboxBot: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InboxBot"];
                };
            };
        };
    };
    listInboxAssignableAgents: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgentListPayload"];
                };
            };
        };
    };
    deleteInboxAvatar: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    listInboxCampaigns: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Campaign"][];
                };
            };
        };
    };
    showHealth: {
        parameters: {
            query?: {
                refresh?: string;
            };
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"] | null;
                };
            };
        };
    };
    registerNumber: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    pin?: string;
                    reset_pin?: boolean;
                };
            };
        };
        responses: {
            /** @description Accepted. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RegistrationOut"];
                };
            };
        };
    };
    registerWebhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessageText"];
                };
            };
        };
    };
    listRegistrationAttempts: {
        parameters: {
            query?: {
                page?: number;
            };
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AttemptListPayload"];
                };
            };
        };
    };
    requestCode: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    code_method?: string;
                    language?: string;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessageText"];
                };
            };
        };
    };
    setInboxBot: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    agent_bot?: string | null;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    syncTemplates: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessageText"];
                };
            };
        };
    };
    verifyCode: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    code?: string;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessageText"];
                };
            };
        };
    };
    showWebhookStatus: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookStatus"];
                };
            };
        };
    };
    showInboxAssignmentPolicy: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                inbox_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssignmentPolicy"];
                };
            };
        };
    };
    setInboxAssignmentPolicy: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                inbox_id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    assignment_policy_id?: number;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssignmentPolicy"];
                };
            };
        };
    };
    dropInboxAssignmentPolicy: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                inbox_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    listLabels: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LabelListPayload"];
                };
            };
        };
    };
    createLabel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    label: components["schemas"]["LabelInput"];
                } | components["schemas"]["LabelInput"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Label"];
                };
            };
        };
    };
    showLabel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Label"];
                };
            };
        };
    };
    updateLabelByPut: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    label?: components["schemas"]["LabelInput"];
                } | components["schemas"]["LabelInput"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Label"];
                };
            };
        };
    };
    deleteLabel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    updateLabel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    label?: components["schemas"]["LabelInput"];
                } | components["schemas"]["LabelInput"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Label"];
                };
            };
        };
    };
    listMacros: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MacroListPayload"];
                };
            };
        };
    };
    createMacro: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    actions?: unknown;
                    name?: string | null;
                    visibility?: string | null;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MacroPayload"];
                };
            };
        };
    };
    showMacro: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MacroPayload"];
                };
            };
        };
    };
    updateMacroByPut: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    actions?: unknown;
                    name?: string | null;
                    visibility?: string | null;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MacroPayload"];
                };
            };
        };
    };
    deleteMacro: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    updateMacro: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    actions?: unknown;
                    name?: string | null;
                    visibility?: string | null;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MacroPayload"];
                };
            };
        };
    };
    executeMacro: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    conversation_ids?: unknown;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    showNotificationSettings: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotificationSettings"];
                };
            };
        };
    };
    updateNotificationSettingsByPut: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    notification_settings: components["schemas"]["NotificationFlagsInput"];
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotificationSettings"];
                };
            };
        };
    };
    updateNotificationSettings: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    notification_settings: components["schemas"]["NotificationFlagsInput"];
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotificationSettings"];
                };
            };
        };
    };
    listNotifications: {
        parameters: {
            query?: {
                includes?: unknown;
                page?: number;
                sort_order?: string;
            };
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotificationList"];
                };
            };
        };
    };
    readNotificationByPut: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotificationRow"];
                };
            };
        };
    };
    deleteNotification: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    readNotification: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotificationRow"];
                };
            };
        };
    };
    snoozeNotification: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    snoozed_until?: unknown;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotificationRow"];
                };
            };
        };
    };
    unreadNotification: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotificationRow"];
                };
            };
        };
    };
    deleteNotifications: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    type?: unknown;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    readNotifications: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    primary_actor_id?: unknown;
                    primary_actor_type?: string;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    countNotifications: {
        parameters: {
            query?: {
                includes?: unknown;
            };
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": number;
                };
            };
        };
    };
    showSAML: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Saml"];
                };
            };
        };
    };
    updateSAMLByPut: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    saml_settings?: components["schemas"]["SamlInput"] | null;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Saml"];
                };
            };
        };
    };
    createSAML: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    saml_settings?: components["schemas"]["SamlInput"] | null;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Saml"];
                };
            };
        };
    };
    deleteSAML: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    updateSAML: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    saml_settings?: components["schemas"]["SamlInput"] | null;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Saml"];
                };
            };
        };
    };
    searchAll: {
        parameters: {
            query?: {
                page?: number;
                q?: string;
            };
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SearchPayload"];
                };
            };
        };
    };
    searchArticleHits: {
        parameters: {
            query?: {
                page?: number;
                q?: string;
            };
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SearchArticlesPayload"];
                };
            };
        };
    };
    searchContactHits: {
        parameters: {
            query?: {
                page?: number;
                q?: string;
            };
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SearchContactsPayload"];
                };
            };
        };
    };
    searchConversationHits: {
        parameters: {
            query?: {
                page?: number;
                q?: string;
            };
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SearchConversationsPayload"];
                };
            };
        };
    };
    searchMessages: {
        parameters: {
            query?: {
                page?: number;
                q?: string;
            };
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SearchMessagesPayload"];
                };
            };
        };
    };
    listTeams: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Team"][];
                };
            };
        };
    };
    createTeam: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    team: components["schemas"]["TeamInput"];
                } | components["schemas"]["TeamInput"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Team"];
                };
            };
        };
    };
    showTeam: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Team"];
                };
            };
        };
    };
    updateTeamByPut: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    team?: components["schemas"]["TeamInput"];
                } | components["schemas"]["TeamInput"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Team"];
                };
            };
        };
    };
    deleteTeam: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    updateTeam: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    team?: components["schemas"]["TeamInput"];
                } | components["schemas"]["TeamInput"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Team"];
                };
            };
        };
    };
    listTeamMembers: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                team_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Agent"][];
                };
            };
        };
    };
    addTeamMembers: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                team_id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    user_ids?: number[] | null;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Agent"][];
                };
            };
        };
    };
    removeTeamMembers: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                team_id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    user_ids?: number[] | null;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    setTeamMembers: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                team_id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    user_ids?: number[] | null;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Agent"][];
                };
            };
        };
    };
    keepUpload: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /** @description signed id of a file that was uploaded directly */
                    attachment?: string;
                    external_url?: string;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KeptUpload"];
                };
            };
        };
    };
    listWebhooks: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Webhooks"];
                };
            };
        };
    };
    createWebhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    webhook: components["schemas"]["WebhookInput"];
                } | components["schemas"]["WebhookInput"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookEnvelope"];
                };
            };
        };
    };
    updateWebhookByPut: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    webhook?: components["schemas"]["WebhookInput"];
                } | components["schemas"]["WebhookInput"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookEnvelope"];
                };
            };
        };
    };
    deleteWebhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    updateWebhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    webhook?: components["schemas"]["WebhookInput"];
                } | components["schemas"]["WebhookInput"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookEnvelope"];
                };
            };
        };
    };
    testWebhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeliveryEnvelope"];
                };
            };
        };
    };
    listDeliveries: {
        parameters: {
            query?: {
                cursor?: number;
                state?: string;
            };
            header?: never;
            path: {
                account_id: number;
                webhook_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Deliveries"];
                };
            };
        };
    };
    showDelivery: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
                webhook_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeliveryEnvelope"];
                };
            };
        };
    };
    redeliver: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
                webhook_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeliveryEnvelope"];
                };
            };
        };
    };
    authorizeWhatsApp: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    business_id?: string;
                    code?: string;
                    event?: string;
                    inbox_id?: number;
                    phone_number_id?: string;
                    waba_id?: string;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Authorized"] | components["schemas"]["Waiting"];
                };
            };
        };
    };
    updateWorkingHourByPut: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    working_hour: components["schemas"]["HoursInput"];
                } | components["schemas"]["HoursInput"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorkingHour"];
                };
            };
        };
    };
    updateWorkingHour: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: number;
                id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    working_hour: components["schemas"]["HoursInput"];
                } | components["schemas"]["HoursInput"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorkingHour"];
                };
            };
        };
    };
    showAccount: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AccountShown"];
                };
            };
        };
    };
    updateAccountByPut: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    audio_transcriptions?: unknown;
                    auto_resolve_after?: unknown;
                    auto_resolve_ignore_waiting?: unknown;
                    auto_resolve_label?: unknown;
                    auto_resolve_message?: unknown;
                    company_size?: unknown;
                    domain?: string | null;
                    industry?: unknown;
                    locale?: string | null;
                    name?: string | null;
                    support_email?: string | null;
                    timezone?: unknown;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Account"];
                };
            };
        };
    };
    updateAccount: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    audio_transcriptions?: unknown;
                    auto_resolve_after?: unknown;
                    auto_resolve_ignore_waiting?: unknown;
                    auto_resolve_label?: unknown;
                    auto_resolve_message?: unknown;
                    company_size?: unknown;
                    domain?: string | null;
                    industry?: unknown;
                    locale?: string | null;
                    name?: string | null;
                    support_email?: string | null;
                    timezone?: unknown;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Account"];
                };
            };
        };
    };
    showCacheKeys: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CacheKeysOut"];
                };
            };
        };
    };
    activateAccount: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    samlLogin: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    email?: string;
                };
            };
        };
        responses: never;
    };
    createSubscription: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    notification_subscription: components["schemas"]["SubscriptionInput"];
                } | components["schemas"]["SubscriptionInput"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Subscription"];
                };
            };
        };
    };
    deleteSubscription: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    push_token?: unknown;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    listOperatorChannels: {
        parameters: {
            query?: {
                inbox_id?: number;
                page?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OperatorChannels"];
                };
            };
        };
    };
    listOperatorDeliveries: {
        parameters: {
            query?: {
                inbox_id?: number;
                page?: number;
                state?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OperatorDeliveries"];
                };
            };
        };
    };
    listOperatorEvents: {
        parameters: {
            query?: {
                channel?: string;
                page?: number;
                reason?: string;
                state?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OperatorEvents"];
                };
            };
        };
    };
    showOperatorEvent: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OperatorEventDetail"];
                };
            };
        };
    };
    discardOperatorEvent: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    reason?: string;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    replayOperatorEvent: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    replayOperatorEvents: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    before?: string;
                    channel?: string;
                    dry_run?: boolean;
                    reason?: string;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OperatorReplayed"];
                };
            };
        };
    };
    showOperatorOverview: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OperatorOverview"];
                };
            };
        };
    };
    showOperatorQueue: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OperatorQueue"];
                };
            };
        };
    };
    showProfile: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
        };
    };
    updateProfileByPut: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    profile: components["schemas"]["ProfileInput"];
                } | components["schemas"]["ProfileInput"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
        };
    };
    updateProfile: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    profile: components["schemas"]["ProfileInput"];
                } | components["schemas"]["ProfileInput"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
        };
    };
    setAutoOffline: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    profile: {
                        account_id?: number;
                        auto_offline?: boolean;
                    };
                } | {
                    account_id?: number;
                    auto_offline?: boolean;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
        };
    };
    setAvailability: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    profile: {
                        account_id?: number;
                        availability?: string;
                    };
                } | {
                    account_id?: number;
                    availability?: string;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
        };
    };
    deleteProfileAvatar: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
        };
    };
    showMFA: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Mfa"];
                };
            };
        };
    };
    createMFA: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Provision"];
                };
            };
        };
    };
    deleteMFA: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    otp_code?: string;
                    password?: string;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MfaChanged"];
                };
            };
        };
    };
    createBackupCodes: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    otp_code?: string;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BackupCodes"];
                };
            };
        };
    };
    verifyMFA: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    otp_code?: string;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MfaChanged"];
                };
            };
        };
    };
    resendConfirmation: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    resetAccessToken: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
        };
    };
    setActiveAccount: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    profile: {
                        account_id?: number;
                    };
                } | {
                    account_id?: number;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    signUpBriefly: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    email?: string;
                    h_captcha_client_response?: string;
                    locale?: string;
                    password?: string;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignedUpData"];
                };
            };
        };
    };
    accountLimits: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: never;
    };
}
